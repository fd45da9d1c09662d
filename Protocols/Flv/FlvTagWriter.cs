using System.Buffers.Binary;

namespace Tributary.Protocols.Flv;

/// <summary>
/// What stands around tag bodies in an FLV file or HTTP-FLV response (Video File Format 10.1, E.2 to E.4.1); <see cref="FlvTagReader"/> has the layout.
/// </summary>
public static class FlvTagWriter
{
    /// <summary>Bytes before a tag's body.</summary>
    public const int HeadLength = 11;

    /// <summary>Bytes behind it: the size of the tag, for who reads backwards.</summary>
    public const int TailLength = 4;

    /// <summary>The file header with the first, empty, "previous tag size".</summary>
    public static byte[] FileHeader(bool hasVideo, bool hasAudio) =>
        [.. "FLV"u8, 1, (byte)((hasVideo ? 1 : 0) | (hasAudio ? 4 : 0)), 0, 0, 0, 9, 0, 0, 0, 0];

    /// <summary>The 11 bytes before a body of <paramref name="length"/> bytes.</summary>
    public static void WriteHead(Span<byte> head, byte type, int length, uint milliseconds)
    {
        BinaryPrimitives.WriteUInt32BigEndian(head, (uint)type << 24 | (uint)length);
        BinaryPrimitives.WriteUInt32BigEndian(head[4..], milliseconds << 8 | milliseconds >> 24);
        head[8..HeadLength].Clear();
    }

    /// <summary>The 4 bytes behind a body of <paramref name="length"/> bytes.</summary>
    public static void WriteTail(Span<byte> tail, int length) => BinaryPrimitives.WriteUInt32BigEndian(tail, (uint)(HeadLength + length));

    /// <summary>A whole tag.</summary>
    public static byte[] Tag(byte type, ReadOnlySpan<byte> body, uint milliseconds)
    {
        var tag = new byte[HeadLength + body.Length + TailLength];
        WriteHead(tag, type, body.Length, milliseconds);
        body.CopyTo(tag.AsSpan(HeadLength));
        WriteTail(tag.AsSpan(HeadLength + body.Length), body.Length);
        return tag;
    }
}
