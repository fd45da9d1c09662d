using System.Runtime.InteropServices;

namespace Tributary.Media.Pictures;

/// <summary>
/// An open decoder or encoder (AVCodecContext, set up by its options alone) with a packet (AVPacket, of which 24 data and 32 size are used).
/// </summary>
sealed class AvCoder : IDisposable
{
    const int DataAt = 24, SizeAt = 32;

    nint _context;
    nint _packet = LibAv.NewPacket();

    AvCoder(nint context) => _context = context;

    public nint Context => _context;

    /// <summary>Null: there is no decoder of that name.</summary>
    public static AvCoder? Decoder(string name, (string Name, string Value)[] options) => Open(name.Length == 0 ? 0 : LibAv.FindDecoder(name), options);

    public static AvCoder? Encoder(string name, (string Name, string Value)[] options) => Open(LibAv.FindEncoder(name), options);

    static AvCoder? Open(nint codec, (string Name, string Value)[] options)
    {
        if (codec == 0)
        {
            return null;
        }

        var coder = new AvCoder(LibAv.NewContext(codec));
        foreach (var (name, value) in options)
        {
            _ = LibAv.Set(coder._context, name, value, 0);
        }

        if (LibAv.Open(coder._context, codec, 0) >= 0)
        {
            return coder;
        }

        coder.Dispose();
        return null;
    }

    /// <summary>One packet, and that none follows.</summary>
    public bool TrySend(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || LibAv.Fill(_packet, bytes.Length) < 0)
        {
            return false;
        }

        unsafe
        {
            bytes.CopyTo(new Span<byte>((void*)Marshal.ReadIntPtr(_packet, DataAt), bytes.Length));
        }

        return LibAv.SendPacket(_context, _packet) >= 0 && LibAv.SendPacket(_context, 0) >= 0;
    }

    /// <summary>The next packet's bytes; none where there is none.</summary>
    public byte[] Receive()
    {
        if (LibAv.ReceivePacket(_context, _packet) < 0)
        {
            return [];
        }

        var bytes = new byte[Marshal.ReadInt32(_packet, SizeAt)];
        Marshal.Copy(Marshal.ReadIntPtr(_packet, DataAt), bytes, 0, bytes.Length);
        return bytes;
    }

    public void Dispose()
    {
        LibAv.FreePacket(ref _packet);
        LibAv.FreeContext(ref _context);
    }
}
