using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Frames;

namespace Tributary.Protocols.Flv;

/// <summary>One tag of an FLV file (Video File Format 10.1, E.4.1). The payload's reference belongs to whoever reads it.</summary>
/// <param name="Type">8 audio, 9 video, 18 script data.</param>
/// <param name="Timestamp">Milliseconds, 32 bits.</param>
/// <param name="Payload">The tag body.</param>
public readonly record struct FlvTag(byte Type, uint Timestamp, FrameData Payload)
{
    public const byte Audio = 8, Video = 9, Script = 18;
}

/// <summary>
/// Reads the tags of an FLV file or HTTP-FLV response from bytes as they come.
/// <code>
///  header   "FLV" | version 8 | flags 8 | data offset 32 | previous tag size 32
///  tag      reserved 2, filter 1, type 5 | size 24 | time 24 | time's high byte 8 | stream 24 | body | tag size 32
/// </code>
/// </summary>
public sealed class FlvTagReader(FrameArena arena, int maxTagBytes = 8 * 1024 * 1024)
{
    const int FileHeader = 9, TagHeader = 11, TagSize = 4, LongestFileHeader = 1024;

    bool _headerRead;

    /// <summary>Whether what came is no FLV, or a tag is longer than allowed; nothing more is read.</summary>
    public bool Malformed { get; private set; }

    /// <summary>
    /// The next whole tag from the front of <paramref name="buffer"/>; false where more bytes are needed or <see cref="Malformed"/>.
    /// </summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out FlvTag tag)
    {
        tag = default;
        if (Malformed || (!_headerRead && !TryReadHeader(ref buffer)) || buffer.Length < TagHeader)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[TagHeader];
        buffer.Slice(0, TagHeader).CopyTo(header);
        var size = header[1] << 16 | header[2] << 8 | header[3];
        if (size > maxTagBytes || (header[0] & 0x20) != 0)   // encrypted tags are not read
        {
            Malformed = true;
            return false;
        }

        if (buffer.Length < TagHeader + size + TagSize)
        {
            return false;
        }

        var payload = arena.Allocate(size);
        buffer.Slice(TagHeader, size).CopyTo(payload.Writable);
        buffer = buffer.Slice(TagHeader + size + TagSize);
        tag = new FlvTag((byte)(header[0] & 0x1F), BinaryPrimitives.ReadUInt32BigEndian(header[4..]) >> 8 | (uint)header[7] << 24, payload);
        return true;
    }

    bool TryReadHeader(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < FileHeader)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[FileHeader];
        buffer.Slice(0, FileHeader).CopyTo(header);
        var offset = BinaryPrimitives.ReadUInt32BigEndian(header[5..]);
        if (!header[..3].SequenceEqual("FLV"u8) || offset is < FileHeader or > LongestFileHeader)
        {
            Malformed = true;
            return false;
        }

        if (buffer.Length < offset + TagSize)
        {
            return false;
        }

        buffer = buffer.Slice(offset + TagSize);
        _headerRead = true;
        return true;
    }
}
