using System.Buffers.Binary;

namespace Tributary.Media.Containers.Mp4;

/// <summary>What an esds box says of its stream (ISO/IEC 14496-1 §7.2.6).</summary>
/// <param name="ObjectType">objectTypeIndication: 0x40 is MPEG-4 audio, 0x6B MPEG-1 audio, 0xA9 DTS.</param>
/// <param name="AverageBitrate">Bits per second; 0 where it is not said.</param>
/// <param name="Specific">DecoderSpecificInfo; empty where there is none.</param>
readonly record struct ElementaryStreamDescriptor(int ObjectType, uint AverageBitrate, ReadOnlyMemory<byte> Specific)
{
    const int EsTag = 3;
    const int ConfigTag = 4;
    const int SpecificTag = 5;

    /// <summary>False where a descriptor does not fit, or none of a decoder is there.</summary>
    /// <param name="box">Payload of the box.</param>
    public static bool TryRead(ReadOnlyMemory<byte> box, out ElementaryStreamDescriptor descriptor)
    {
        descriptor = default;
        if (box.Length < 4 || !TryEnter(box[4..], EsTag, out var stream) || stream.Length < 3)
        {
            return false;
        }

        var flags = stream.Span[2];
        var skip = 3 + ((flags & 0x80) != 0 ? 2 : 0);
        skip += (flags & 0x40) != 0 && stream.Length > skip ? 1 + stream.Span[skip] : 0;   // URL
        skip += (flags & 0x20) != 0 ? 2 : 0;
        if (stream.Length < skip || !TryEnter(stream[skip..], ConfigTag, out var config) || config.Length < 13)
        {
            return false;
        }

        var specific = TryEnter(config[13..], SpecificTag, out var found) ? found : default;
        descriptor = new ElementaryStreamDescriptor(config.Span[0], BinaryPrimitives.ReadUInt32BigEndian(config.Span[9..]), specific);
        return true;
    }

    // Passes over descriptors of other kinds: some writers put extensions first.
    static bool TryEnter(ReadOnlyMemory<byte> data, int tag, out ReadOnlyMemory<byte> content)
    {
        content = default;
        while (TryReadHeader(data.Span, out var found, out var header, out var size))
        {
            if (found == tag)
            {
                content = data.Slice(header, size);
                return true;
            }

            data = data[(header + size)..];
        }

        return false;
    }

    // A tag, and a size in up to four bytes of seven bits (§8.3.3).
    static bool TryReadHeader(ReadOnlySpan<byte> data, out int tag, out int header, out int size)
    {
        (tag, header, size) = (data.IsEmpty ? -1 : data[0], 1, 0);
        for (var i = 0; i < 4 && header < data.Length; i++)
        {
            var part = data[header++];
            size = size << 7 | part & 0x7F;
            if ((part & 0x80) == 0)
            {
                return size <= data.Length - header;
            }
        }

        return false;
    }
}
