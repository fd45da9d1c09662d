using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Flv;

/// <summary>What became of a tag.</summary>
public enum FlvOutcome : byte
{
    /// <summary>Frames or a configuration were taken.</summary>
    Taken,

    /// <summary>Nothing in it concerns frames.</summary>
    Ignored,

    /// <summary>It could not be read; nothing of it, or only a part, was taken.</summary>
    Malformed,

    /// <summary>A frame came before anything that says how to decode it.</summary>
    NotConfigured,

    /// <summary>A codec that is not carried; <see cref="FlvToFrames.TryTakeRefusal"/> has the sentence, once.</summary>
    Unsupported,
}

/// <summary>
/// Turns FLV audio and video tag bodies, as RTMP and FLV files carry them, into frames of tracks. Coded bytes are not copied; which
/// pictures are key frames is read from them and not from the tag. Times go on as the wire had them: milliseconds in 32 bits. Track
/// numbers: video 1, 2, …; audio 101, 102, …; the default track of a kind is the first.
/// </summary>
/// <param name="sink">Who gets the frames.</param>
/// <param name="arena">Memory for the rare frame that has to be rewritten.</param>
public sealed class FlvToFrames(IFrameSink sink, FrameArena arena)
{
    /// <summary>Tracks of one kind in a stream; what names a higher one is refused as malformed.</summary>
    public const int MaxTracks = 32;

    const int FirstVideoTrack = 1, FirstAudioTrack = 101;

    readonly FlvTrack?[] _video = new FlvTrack?[MaxTracks];
    readonly FlvTrack?[] _audio = new FlvTrack?[MaxTracks];
    readonly FlvDeclared _declared = new();
    uint? _refusedVideo, _refusedAudio;
    string? _refusal;

    /// <summary>Takes a video tag body and its reference.</summary>
    public FlvOutcome OnVideo(uint timestamp, FrameData tag) => OnTag(timestamp, tag, TrackKind.Video);

    /// <summary>Takes an audio tag body and its reference.</summary>
    public FlvOutcome OnAudio(uint timestamp, FrameData tag) => OnTag(timestamp, tag, TrackKind.Audio);

    /// <summary>Reads a data message (AMF 0): what the encoder says about itself (onMetaData), or to its viewers at this time (all else).</summary>
    public FlvOutcome OnData(uint timestamp, ReadOnlySpan<byte> message)
    {
        if (!FlvScript.TryRead(message, out var script))
        {
            return FlvOutcome.Ignored;
        }

        if (script.TryGetDeclaration(out var declaration))
        {
            Declare(declaration);
            return FlvOutcome.Taken;
        }

        if (message.Length > TimedMetadata.MaxLength)
        {
            return FlvOutcome.Malformed;
        }

        if (!script.TryWriteJson(out var text))
        {
            return FlvOutcome.Ignored;
        }

        sink.OnTimedMetadata(text, timestamp, SourceClock.Rtmp);
        return FlvOutcome.Taken;
    }

    /// <summary>The sentence about a codec that was refused since the last call, for the log and the stream's page.</summary>
    public bool TryTakeRefusal(out string sentence)
    {
        sentence = _refusal ?? "";
        _refusal = null;
        return sentence.Length > 0;
    }

    void Declare(AmfValue declaration)
    {
        var values = _declared.Take(declaration);
        foreach (var tracks in (ReadOnlySpan<FlvTrack?[]>)[_video, _audio])
        {
            if (tracks[0] is { Info: { } info } track)
            {
                track.Info = _declared.Apply(info);
            }
        }

        sink.OnMetadata(values);
    }

    FlvOutcome OnTag(uint timestamp, FrameData tag, TrackKind kind)
    {
        var outcome = FlvOutcome.Ignored;
        var packets = new FlvPacketReader(tag.Span, kind);
        while (packets.TryNext(out var packet))
        {
            outcome = Worse(outcome, OnPacket(timestamp, tag, packet, kind));
        }

        tag.Release();   // each frame has taken a reference of its own
        return packets.Malformed ? FlvOutcome.Malformed : outcome;
    }

    FlvOutcome OnPacket(uint timestamp, FrameData tag, in FlvPacket packet, TrackKind kind)
    {
        switch (packet.Kind)
        {
            case FlvPacketKind.Unsupported:
                Refuse(packet.CodecId, kind);
                return FlvOutcome.Unsupported;
            case FlvPacketKind.Configuration or FlvPacketKind.Coded or FlvPacketKind.Channels when packet.Track >= MaxTracks:
                return FlvOutcome.Malformed;
            case FlvPacketKind.Configuration:
                return Configure(packet, tag.Span.Slice(packet.Start, packet.Length), kind);
            case FlvPacketKind.Channels:
                return SetChannels(Track(kind, packet.Track), tag.Span.Slice(packet.Start, packet.Length));
            case FlvPacketKind.Coded:
                return OnFrame(timestamp, tag.Slice(packet.Start, packet.Length), packet, Track(kind, packet.Track));
            default:
                return FlvOutcome.Ignored;
        }
    }

    FlvOutcome Configure(in FlvPacket packet, ReadOnlySpan<byte> config, TrackKind kind)
    {
        var track = Track(kind, packet.Track);
        if (!track.TryConfigure(packet.Codec, config))
        {
            return FlvOutcome.Malformed;
        }

        if (packet.Track == 0 && track.Info is { } info)
        {
            track.Info = _declared.Apply(info);
        }

        return FlvOutcome.Taken;
    }

    // Channel order and count (enhanced RTMP v2, AudioChannelOrder): only the count is of use here.
    static FlvOutcome SetChannels(FlvTrack track, ReadOnlySpan<byte> config)
    {
        if (config.Length < 2 || config[1] == 0)
        {
            return FlvOutcome.Malformed;
        }

        if (track.Info is { Channels: 0 } info)
        {
            track.Info = info with { Channels = config[1] };
        }

        return FlvOutcome.Taken;
    }

    FlvOutcome OnFrame(uint timestamp, FrameData data, in FlvPacket packet, FlvTrack track)
    {
        if (data.Length == 0)
        {
            return FlvOutcome.Ignored;
        }

        if (!track.TryFit(packet.Codec, data.Span) || track.Info is not { } info)
        {
            return FlvOutcome.NotConfigured;
        }

        if (!FlvPictures.TryInspect(packet, data.Span, track.NalLengthSize, out var flags, out var skip))
        {
            return FlvOutcome.Malformed;
        }

        if ((flags & FrameFlags.Key) != 0 && info is { Kind: TrackKind.Video, Width: 0 })
        {
            track.Info = info = TrackConfiguration.Complete(info, data.Span);
        }

        if (packet.Codec is Codec.H264 or Codec.Hevc && track.NalLengthSize != 4)
        {
            data = FlvPictures.WithLongLengths(data.Span, track.NalLengthSize, arena);
        }
        else
        {
            data = data.Slice(skip);
            data.Retain();
        }

        sink.OnFrame(new Frame(info, data, timestamp, packet.CompositionOffset, 0, flags), SourceClock.Rtmp);
        return FlvOutcome.Taken;
    }

    FlvTrack Track(TrackKind kind, int number) => kind == TrackKind.Video
        ? _video[number] ??= new FlvTrack(FirstVideoTrack + number)
        : _audio[number] ??= new FlvTrack(FirstAudioTrack + number);

    // Once per codec and kind, not per frame.
    void Refuse(uint codecId, TrackKind kind)
    {
        ref var refused = ref kind == TrackKind.Video ? ref _refusedVideo : ref _refusedAudio;
        if (refused == codecId)
        {
            return;
        }

        refused = codecId;
        _refusal = kind == TrackKind.Video
            ? $"The video is {FlvCodecs.Name(codecId, kind)}, which is not carried; use H.264, HEVC, AV1, VP9 or VP8. The sound goes on."
            : $"The sound is {FlvCodecs.Name(codecId, kind)}, which is not carried; use AAC, Opus, MP3, AC-3, E-AC-3 or FLAC. "
                + "The picture goes on.";
    }

    static FlvOutcome Worse(FlvOutcome one, FlvOutcome other) => (one, other) switch
    {
        (FlvOutcome.Ignored, _) => other,
        (_, FlvOutcome.Ignored) => one,
        _ => one > other ? one : other,
    };
}
