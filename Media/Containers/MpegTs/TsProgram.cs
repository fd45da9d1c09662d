using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>One program while its segment is written, or for as long as it lasts: tables, and the PES packets of its streams with their clocks.</summary>
partial struct TsProgram(TrackInfo? video, TrackInfo? audio)
{
    const byte VideoStreamId = 0xE0;
    const byte AudioStreamId = 0xC0;
    const byte PrivateStreamId = 0xBD;   // the two of Dolby: ATSC A/52 Annex G

    readonly TrackInfo? _video = video;
    readonly TrackInfo? _audio = audio;
    readonly AdtsHeader? _adts =
        audio?.Codec != Codec.Aac ? null
        : AdtsHeader.TryCreate(audio, out var header) ? header
        : throw new ArgumentException("ADTS cannot describe this AAC: ask TsSupport.Carries first.", nameof(audio));

    TsStream _videoStream = new(TsTables.VideoPid, VideoStreamId);
    TsStream _audioStream = new(TsTables.AudioPid, audio?.Codec is Codec.Ac3 or Codec.Eac3 ? PrivateStreamId : AudioStreamId);
    TsStream _metadataStream = new(TsTables.MetadataPid, PrivateStreamId);
    long _lastPcr = long.MinValue;

    /// <summary>The same program with other tracks; counters and clock go on.</summary>
    public readonly TsProgram With(TrackInfo? newVideo, TrackInfo? newAudio)
    {
        var next = new TsProgram(newVideo, newAudio);
        next._videoStream.Counter = _videoStream.Counter;
        next._audioStream.Counter = _audioStream.Counter;
        next._lastPcr = _lastPcr;
        return next;
    }

    public void Write(ref TsPacketWriter writer, ReadOnlySpan<Frame> frames, long msn, ReadOnlySpan<byte> id3)
    {
        WriteTables(ref writer, msn, hasMetadata: !id3.IsEmpty);
        var (lastVideo, lastAudio, lastSaid) = (LastOf(frames, _video), LastOf(frames, _audio), id3.IsEmpty ? -1 : LastWithMetadata(frames));
        if (!id3.IsEmpty && !frames.IsEmpty)
        {
            WriteMetadata(ref writer, frames[0].Pts90k, id3, isLast: lastSaid < 0);
        }

        var group = default(AudioGroup);
        for (var i = 0; i < frames.Length; i++)
        {
            ref readonly var frame = ref frames[i];
            if (frame.Metadata is not null && i <= lastSaid)
            {
                WriteMetadata(ref writer, frame, isLast: i == lastSaid);
            }

            if (frame.Track.Id == _video?.Id)
            {
                WriteVideo(ref writer, frame, isLast: i == lastVideo);
            }
            else if (IsAudio(frame))
            {
                if (group.Count > 0 && !group.Takes(frame, FrameSize(frame)))
                {
                    WriteAudio(ref writer, frames[group.First..i], group, isLast: false);
                    group = default;
                }

                group = group.With(frame, i, FrameSize(frame));
                if (i == lastAudio)
                {
                    WriteAudio(ref writer, frames[group.First..(i + 1)], group, isLast: true);
                }
            }
        }
    }

    /// <summary>One frame behind those written so far, in a PES packet of its own; false where this program does not carry it.</summary>
    public bool TryWrite(ref TsPacketWriter writer, in Frame frame)
    {
        if (frame.Track.Id == _video?.Id)
        {
            WriteVideo(ref writer, frame, isLast: false);
            return true;
        }

        if (!IsAudio(frame))
        {
            return false;
        }

        WriteAudio(ref writer, new ReadOnlySpan<Frame>(in frame), default(AudioGroup).With(frame, 0, FrameSize(frame)), isLast: false);
        return true;
    }

    /// <summary>PAT and PMT, whose continuity counters are the low bits of <paramref name="msn"/>.</summary>
    public readonly void WriteTables(ref TsPacketWriter writer, long msn, bool hasMetadata = false)
    {
        Span<byte> section = stackalloc byte[TsTables.MaxSection];
        writer.WriteSection(0, (int)(msn & 0xF), section[..TsTables.WriteAssociation(section)]);
        writer.WriteSection(TsTables.MapPid, (int)(msn & 0xF), section[..TsTables.WriteMap(section, _video, _audio, hasMetadata)]);
    }

    void WriteMetadata(ref TsPacketWriter writer, in Frame frame, bool isLast)
    {
        for (var i = 0; i < frame.Metadata!.Length; i++)
        {
            var said = frame.Metadata[i];
            WriteMetadata(ref writer, Math.Max(0, frame.Dts90k + said.Offset90k), Id3Text.Tag(said.Text), isLast && i == frame.Metadata.Length - 1);
        }
    }

    void WriteMetadata(ref TsPacketWriter writer, long pts, scoped ReadOnlySpan<byte> id3, bool isLast)
    {
        WritePesStart(ref writer, ref _metadataStream, id3.Length, pts, pts, hasPcr: false, randomAccess: false, isLast);
        writer.Append(id3);
    }

    void WriteVideo(ref TsPacketWriter writer, in Frame frame, bool isLast)
    {
        var content = new TsVideoFrame(frame);
        var (pts, dts) = (frame.Pts90k, frame.Dts90k);
        FillPcr(ref writer, dts, ref _videoStream);
        WritePesStart(ref writer, ref _videoStream, content.Length, pts, dts, hasPcr: true, frame.IsKey, isLast);
        TsVideoFrame.Write(ref writer, content);
    }

    void WriteAudio(ref TsPacketWriter writer, scoped ReadOnlySpan<Frame> frames, AudioGroup group, bool isLast)
    {
        var carriesPcr = _video is null;
        if (carriesPcr)
        {
            FillPcr(ref writer, group.Start90k, ref _audioStream);
        }
        else if (_lastPcr == long.MinValue)
        {
            writer.WritePcr(_videoStream.Pid, _videoStream.Counter, Pcr(group.Start90k));   // the segment begins with sound: the clock comes first
            _lastPcr = group.Start90k;
        }

        WritePesStart(ref writer, ref _audioStream, group.Length, group.Start90k, group.Start90k, carriesPcr, carriesPcr, isLast);
        Span<byte> header = stackalloc byte[AdtsHeader.Size];
        foreach (ref readonly var frame in frames)
        {
            if (!IsAudio(frame))
            {
                continue;
            }

            if (_adts is { } adts)
            {
                adts.Write(header, frame.Data.Length);
                writer.Append(header);
            }

            writer.Append(frame.Data.Span);
        }
    }

    readonly bool IsAudio(in Frame frame) =>
        frame.Track.Id == _audio?.Id && !(frame.Data.Length == 0 || (_adts is not null && frame.Data.Length > AdtsHeader.MaxFrame));

    readonly int FrameSize(in Frame frame) => frame.Data.Length + (_adts is null ? 0 : AdtsHeader.Size);

    static int LastWithMetadata(ReadOnlySpan<Frame> frames)
    {
        for (var i = frames.Length - 1; i >= 0; i--)
        {
            if (frames[i].Metadata is { Length: > 0 })
            {
                return i;
            }
        }

        return -1;
    }

    readonly int LastOf(ReadOnlySpan<Frame> frames, TrackInfo? track)
    {
        for (var i = frames.Length - 1; i >= 0; i--)
        {
            if (frames[i].Track.Id == track?.Id && (track.Kind == TrackKind.Video || IsAudio(frames[i])))
            {
                return i;
            }
        }

        return -1;
    }
}
