using System.Buffers.Binary;
using System.Text;
using Tributary.Media.Frames;

namespace Tributary.Media.Journal;

/// <summary>Writes records of a journal, one after another, into memory that is used again and again. What it writes <see cref="JournalDecoder"/> reads.</summary>
public sealed class JournalEncoder
{
    byte[] _bytes = new byte[4_096];
    int _length;
    int _at;

    /// <summary>The records since the last <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public void Add(JournalVolumeHead head)
    {
        Begin();
        I64(head.Epoch);
        I32(head.Sequence);
        I64(head.Created.UtcTicks);
        Text(head.Stream);
        Text(head.Entry);
        End(JournalRecordType.Volume);
    }

    public void Add(JournalTrack track)
    {
        var info = track.Info;
        Begin();
        U8(track.Slot);
        U8((int)info.Codec);
        foreach (var number in (ReadOnlySpan<int>)[
            info.Id, info.Timescale, info.Width, info.Height, info.MilliFramesPerSecond, info.SampleRate, info.Channels, info.SamplesPerFrame,
            info.DeclaredBitrate, track.InitLength])
        {
            I32(number);
        }

        I64((long)track.InitNumber);
        I64(track.InitOffset);
        Text(track.Name);
        Text(info.CodecString);
        Text(info.Language);
        Bytes(info.DecoderConfig.Span);
        End(JournalRecordType.Track);
    }

    /// <param name="msn">Number of the segment.</param>
    /// <param name="mark">Null for a number that no source used.</param>
    public void Add(long msn, SegmentMark? mark)
    {
        Begin();
        I64(msn);
        U8(mark is null ? 0 : 1 | (mark.StartsDiscontinuity ? 2 : 0) | (mark.Independent ? 4 : 0));
        if (mark is not null)
        {
            I64(mark.Epoch);
            I64(mark.DiscontinuitySequence);
            I64(mark.Start90k);
            I64(mark.RunStart90k);
            I64(mark.ProgramDateTime.UtcTicks);
            I32(mark.TargetDuration);
            I32(mark.PartTarget90k);
            I32(mark.GapsBefore);
            I64(mark.GapStart90k);
            I64(mark.GapTime.UtcTicks);
        }

        End(JournalRecordType.Segment);
    }

    public void Add(in JournalPart part)
    {
        Begin();
        U8(part.Slot);
        U8(part.StartsWithKey ? 1 : 0);
        I32(part.Part);
        I64(part.Msn);
        I64(part.Epoch);
        I64(part.Offset);
        I32(part.Length);
        I32(part.HeaderLength);
        I64(part.Dts);
        I64(part.Duration);
        I32(part.CompositionOffset);
        I32((int)part.Checksum);
        End(JournalRecordType.Part);
    }

    public void Add(in JournalSegmentEnd end)
    {
        Begin();
        U8(end.Slot);
        U8(end.IsGap ? 1 : 0);
        I64(end.Msn);
        I64(end.Epoch);
        I64(end.Duration);
        I32(end.Timescale);
        End(JournalRecordType.SegmentEnd);
    }

    public void AddEnd()
    {
        Begin();
        End(JournalRecordType.End);
    }

    void Begin()
    {
        Reserve(JournalRecord.Head);
        _at = _length + JournalRecord.Head;
    }

    void End(JournalRecordType type) =>
        _length += JournalRecord.Seal(_bytes.AsSpan(_length), type, _at - _length - JournalRecord.Head);

    void U8(int value) => Take(1)[0] = (byte)value;

    void I32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);

    void I64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    // What is longer than a record can say is cut: names and configurations have limits of their own far below.
    void Bytes(ReadOnlySpan<byte> value)
    {
        value = value.Length > 16_384 ? default : value;
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), (ushort)value.Length);
        value.CopyTo(Take(value.Length));
    }

    void Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    Span<byte> Take(int count)
    {
        Reserve(_at - _length + count);
        _at += count;
        return _bytes.AsSpan(_at - count, count);
    }

    void Reserve(int count)
    {
        if (_bytes.Length - _length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        }
    }
}
