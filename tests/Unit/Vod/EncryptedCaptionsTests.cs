using System.Security.Cryptography;
using Tributary.Gateway.Vod;
using Tributary.Media.Sets;
using Tributary.Media.Sources;
using Tributary.Unit.Containers;

namespace Tributary.Unit.Vod;

public sealed class EncryptedCaptionsTests
{
    static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(number => (byte)number)], Iv = [.. Enumerable.Range(50, 16).Select(number => (byte)number)];

    static async Task<MediaReadResult> ReadAsync(byte[] bytes, byte[] key)
    {
        var clip = new SourceClip { Path = "/a.srt", EncryptionScheme = "aes-cbc", EncryptionKey = key, EncryptionIv = Iv };
        Assert.True(EncryptedCaptions.Are(clip));
        return await MediaFormats.ReadAsync(new EncryptedCaptions(new MemorySource(bytes), clip), new ReadingOptions(), default);
    }

    [Fact]
    public async Task Captions_are_decrypted_with_their_key_and_are_none_with_another()
    {
        using var aes = Aes.Create();
        aes.Key = Key;
        var encrypted = aes.EncryptCbc("1\n00:00:01,000 --> 00:00:03,500\nHello\n"u8, Iv);

        Assert.Equal("Hello", Assert.Single((await ReadAsync(encrypted, Key)).Captions!.Cues).Text);
        Assert.Equal(MediaFailure.BadData, (await ReadAsync(encrypted, [.. Key.Reverse()])).Failure);
        Assert.Equal(MediaFailure.BadData, (await ReadAsync(encrypted[..^1], Key)).Failure);
        Assert.Equal(MediaFailure.BadData, (await ReadAsync([], Key)).Failure);
    }
}
