using Tributary.Media.Sources;

namespace Tributary.Unit.Vod;

/// <summary>The vectors of NIST SP 800-38A §F.5.1 (CTR-AES128), as frames of a file.</summary>
public sealed class FrameDecryptorTests
{
    static readonly byte[] Key = Convert.FromHexString("2b7e151628aed2a6abf7158809cf4f3c");
    static readonly byte[] Iv = Convert.FromHexString("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    static readonly byte[] Plain = Convert.FromHexString("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    static readonly byte[] Encrypted = Convert.FromHexString("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");

    static FrameDecryptor Decryptor(params byte[] senc) => new(FrameProtection.Read(senc, 16)!, Key);

    [Fact]
    public void A_frame_is_decrypted_as_a_whole()
    {
        var frame = Encrypted.ToArray();

        Assert.True(Decryptor([0, 0, 0, 0, 0, 0, 0, 2, .. new byte[16], .. Iv]).TryDecrypt(1, frame));

        Assert.Equal(Plain, frame);
    }

    [Fact]
    public void Protected_parts_are_decrypted_as_if_they_lay_together()
    {
        byte[] frame = [1, 2, 3, .. Encrypted[..21], 4, 5, .. Encrypted[21..]];

        // Two parts: 3 bytes in the clear and 21 protected, 2 in the clear and 43 protected.
        Assert.True(Decryptor([0, 0, 0, 2, 0, 0, 0, 1, .. Iv, 0, 2, 0, 3, 0, 0, 0, 21, 0, 2, 0, 0, 0, 43]).TryDecrypt(0, frame));

        Assert.Equal([1, 2, 3, .. Plain[..21], 4, 5, .. Plain[21..]], frame);
    }

    [Fact]
    public void What_does_not_add_up_is_refused()
    {
        var decryptor = Decryptor([0, 0, 0, 2, 0, 0, 0, 1, .. Iv, 0, 1, 0, 3, 0, 0, 0, 21]);
        Assert.False(decryptor.TryDecrypt(0, new byte[23]));
        Assert.False(decryptor.TryDecrypt(1, new byte[99]));
        Assert.False(decryptor.TryDecrypt(-1, new byte[99]));

        Assert.Null(FrameProtection.Read(new byte[] { 0, 0, 0, 2, 0, 0, 0, 1, 1 }, 16));
        Assert.Null(FrameProtection.Read(new byte[] { 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 1 }, 8));
        Assert.Null(FrameProtection.Read(new byte[99], 4));
        Assert.Null(FrameProtection.Read(default, 8));
    }
}
