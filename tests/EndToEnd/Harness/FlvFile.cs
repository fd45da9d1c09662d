using System.Buffers.Binary;

namespace Tributary.EndToEnd.Harness;

/// <summary>The tags of an FLV file, to be published with other timestamps than they have.</summary>
static class FlvFile
{
    public const byte Audio = 8, Video = 9, Script = 18;

    public static async Task<IReadOnlyList<FlvTag>> Read(string path)
    {
        var bytes = await File.ReadAllBytesAsync(path);
        var tags = new List<FlvTag>();
        var at = 9 + 4;
        while (at + 11 <= bytes.Length)
        {
            var size = bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
            var timestamp = (uint)(bytes[at + 7] << 24 | bytes[at + 4] << 16 | bytes[at + 5] << 8 | bytes[at + 6]);
            tags.Add(new FlvTag(bytes[at], timestamp, bytes.AsMemory(at + 11, size)));
            at += 11 + size + 4;
        }

        return tags;
    }

    /// <summary>An enhanced RTMP video tag (v1): FourCC, packet type 0 the configuration, 1 coded frames with composition offset.</summary>
    public static byte[] EnhancedVideo(string fourCc, int packetType, bool key, int compositionOffset, ReadOnlySpan<byte> payload)
    {
        var head = new byte[packetType == 1 ? 8 : 5];
        head[0] = (byte)(0x80 | (key ? 1 : 2) << 4 | packetType);
        System.Text.Encoding.ASCII.GetBytes(fourCc, head.AsSpan(1));
        if (packetType == 1)
        {
            Span<byte> offset = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(offset, compositionOffset);
            offset[1..].CopyTo(head.AsSpan(5));
        }

        return [.. head, .. payload];
    }
}

sealed record FlvTag(byte Type, uint Timestamp, ReadOnlyMemory<byte> Body)
{
    /// <summary>Configuration and metadata go before everything else, whatever is done to the media after them.</summary>
    public bool IsConfiguration => Type == FlvFile.Script || Body.Length < 2 || (Body.Span[0] & 0x80) == 0 && Body.Span[1] == 0 && Type == FlvFile.Video
        || Type == FlvFile.Audio && Body.Span[1] == 0 || (Body.Span[0] & 0x80) != 0 && Type == FlvFile.Video && (Body.Span[0] & 0x0F) == 0;
}
