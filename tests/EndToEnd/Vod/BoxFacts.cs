using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Tributary.EndToEnd.Vod;

/// <summary>What is to be known of boxes (ISO/IEC 14496-12 §4.2): each with its size, small ones whole, and the frames of fragments (§8.8).</summary>
static class BoxFacts
{
    const int Small = 200;

    static readonly string[] Containers = ["moov", "trak", "mdia", "minf", "stbl", "mvex", "edts", "dinf", "udta", "moof", "traf", "sinf", "schi"];

    public static bool Holds(ReadOnlySpan<byte> bytes, string type)
    {
        for (var rest = bytes; TryBox(rest, out var found, out _, out var size); rest = rest[size..])
        {
            if (found == type)
            {
                return true;
            }
        }

        return false;
    }

    public static List<string> Of(ReadOnlyMemory<byte> bytes)
    {
        // In HDS each frame has a traf of its own, which players pass over: the tags say the same.
        var facts = new List<string>();
        Walk(bytes, "", new Fragment(bytes), Holds(bytes.Span, "afra") ? ["moof"] : [], facts);
        return facts;
    }

    static void Walk(ReadOnlyMemory<byte> bytes, string indent, Fragment fragment, string[] closed, List<string> facts)
    {
        while (TryBox(bytes.Span, out var type, out var head, out var size))
        {
            var payload = bytes[head..size];
            bytes = bytes[size..];
            var line = string.Create(CultureInfo.InvariantCulture, $"{indent}{type} {size}");
            var opens = Containers.Contains(type) && !closed.Contains(type);
            facts.Add(type is "trun" or "mdat" || opens ? line
                : payload.Length <= Small ? $"{line} {Convert.ToHexStringLower(payload.Span)}" : $"{line} #{AnswerFacts.Digest(payload.Span)}");
            fragment.Take(type, payload.Span);
            if (opens)
            {
                Walk(payload, indent + "  ", fragment, closed, facts);
            }

            if (type == "mdat")
            {
                facts.AddRange(Data(payload));
            }
            else if (type == "traf" && opens)
            {
                facts.AddRange(fragment.Frames.Lines(indent + "  samples"));
            }
        }

        if (bytes.Length > 0)
        {
            facts.Add($"{indent}and {bytes.Length} bytes that are no box");
        }
    }

    // Media data that is a text, or tags of FLV; frames are told of where the boxes say which they are.
    static IEnumerable<string> Data(ReadOnlyMemory<byte> payload) =>
        payload.Span.StartsWith("<?xml"u8) || payload.Span.StartsWith("<tt"u8) ? Encoding.UTF8.GetString(payload.Span).TrimEnd('\n').Split('\n')
        : payload.Length > 11 && payload.Span[0] is 8 or 9 or 18 && payload.Span[8..11].IndexOfAnyExcept((byte)0) < 0 ? TagFacts.Of(payload) : [];

    static bool TryBox(ReadOnlySpan<byte> bytes, out string type, out int head, out int size)
    {
        (type, head, size) = ("", 8, 0);
        if (bytes.Length < 8)
        {
            return false;
        }

        type = Encoding.Latin1.GetString(bytes[4..8]);
        size = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (size == 1 && bytes.Length >= 16)
        {
            (head, size) = (16, (int)BinaryPrimitives.ReadInt64BigEndian(bytes[8..]));
        }

        return size >= head && size <= bytes.Length;
    }

    /// <summary>Gathers what the boxes of a traf say of its samples.</summary>
    sealed class Fragment(ReadOnlyMemory<byte> whole)
    {
        readonly List<FrameFact> _frames = [];
        long _time;
        uint _duration, _size, _flags;

        public FrameFacts Frames => new([.. _frames]);

        public void Take(string type, ReadOnlySpan<byte> payload)
        {
            switch (type)
            {
                case "traf":
                    _frames.Clear();
                    _time = 0;
                    break;
                case "tfhd":
                    Defaults(payload);
                    break;
                case "tfdt":
                    _time = payload[0] == 1 ? BinaryPrimitives.ReadInt64BigEndian(payload[4..]) : BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
                    break;
                case "trun":
                    Samples(payload);
                    break;
            }
        }

        // §8.8.7
        void Defaults(ReadOnlySpan<byte> payload)
        {
            var flags = Word(ref payload);
            _ = Word(ref payload);
            payload = payload[((flags & 1) != 0 ? 8 : 0)..];
            payload = payload[((flags & 2) != 0 ? 4 : 0)..];
            _duration = (flags & 8) != 0 ? Word(ref payload) : 0;
            _size = (flags & 0x10) != 0 ? Word(ref payload) : 0;
            _flags = (flags & 0x20) != 0 ? Word(ref payload) : 0;
        }

        // §8.8.8; data offsets count from the moof, which is what a segment of ours begins with.
        void Samples(ReadOnlySpan<byte> payload)
        {
            var flags = Word(ref payload);
            var count = Word(ref payload);
            var moof = whole.Span.IndexOf("moof"u8) - 4;
            var at = moof + ((flags & 1) != 0 ? (int)Word(ref payload) : 0);
            uint? first = (flags & 4) != 0 ? Word(ref payload) : null;
            for (var sample = 0; sample < count; sample++)
            {
                var duration = (flags & 0x100) != 0 ? Word(ref payload) : _duration;
                var size = (int)((flags & 0x200) != 0 ? Word(ref payload) : _size);
                var says = (flags & 0x400) != 0 ? Word(ref payload) : sample == 0 && first is { } own ? own : _flags;
                var offset = (flags & 0x800) != 0 ? (int)Word(ref payload) : 0;
                _frames.Add(new(_time, offset, duration, (says & 0x10000) == 0, whole.Slice(at, size)));
                (_time, at) = (_time + duration, at + size);
            }
        }

        static uint Word(ref ReadOnlySpan<byte> bytes)
        {
            var word = BinaryPrimitives.ReadUInt32BigEndian(bytes);
            bytes = bytes[4..];
            return word;
        }
    }
}

/// <summary>Tags of FLV, as HDS fragments hold them (Adobe's "Video File Format Specification" 10.1, E.4). Times in milliseconds.</summary>
static class TagFacts
{
    public static IEnumerable<string> Of(ReadOnlyMemory<byte> tags)
    {
        var found = new List<(byte Type, long Time, ReadOnlyMemory<byte> Body)>();
        while (tags.Length >= 11)
        {
            var head = tags.Span;
            var size = head[1] << 16 | head[2] << 8 | head[3];
            found.Add((head[0], (uint)(head[7] << 24 | head[4] << 16 | head[5] << 8 | head[6]), tags.Slice(11, size)));
            tags = tags[(11 + size + 4)..];
        }

        return found.GroupBy(tag => tag.Type).OrderBy(group => group.Key).SelectMany(Lines);
    }

    static IEnumerable<string> Lines(IGrouping<byte, (byte Type, long Time, ReadOnlyMemory<byte> Body)> group)
    {
        var list = group.ToList();
        byte[] data = [.. list.SelectMany(tag => tag.Body.ToArray())];
        yield return $"  tags {group.Key}: {list.Count}, {data.Length} bytes #{AnswerFacts.Digest(data)}";
        yield return $"    from {list[0].Time}, then {Repeats.Of([.. list.Zip(list.Skip(1), (one, next) => next.Time - one.Time)])}";
        yield return $"    heads {Repeats.Of([.. list.Select(tag => (long)(tag.Body.Span[0] * 256 + tag.Body.Span[1]))])}";
    }
}
