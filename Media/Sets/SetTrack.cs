using System.Buffers;
using System.Runtime.InteropServices;
using Tributary.Media.Frames;
using Tributary.Media.Sources;

namespace Tributary.Media.Sets;

/// <summary>One frame as a packager writes it, in ticks of the packager's timescale.</summary>
/// <param name="Dts">When it is decoded, from the start of the clip.</param>
/// <param name="Duration">Until the next frame of the track is decoded.</param>
/// <param name="PtsDelay">Presentation time minus decode time.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Offset">Place of its first byte in the source.</param>
/// <param name="IsKey">Whether decoding can start here.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SetFrame(long Dts, int Duration, int PtsDelay, int Size, long Offset, bool IsKey);

/// <summary>A track of one clip, as a request takes it: whose it is, what part of its source is played, and how it is named in manifests.</summary>
public sealed class SetTrack
{
    public required SourceTrack Source { get; init; }

    /// <summary>The source's bytes.</summary>
    public required IByteSource Bytes { get; init; }

    /// <summary>Number of its sequence in the set, from 0.</summary>
    public required int Sequence { get; init; }

    public required SequenceDescription SequenceDescription { get; init; }

    /// <summary>Number of its clip in the timeline, from 0.</summary>
    public required int Clip { get; init; }

    /// <summary>First frame of the source that the clip has.</summary>
    public required int FirstFrame { get; init; }

    /// <summary>One more than the last frame that the clip has.</summary>
    public required int EndFrame { get; init; }

    /// <summary>What is read of media.</summary>
    public required ReadingOptions Options { get; init; }

    /// <summary>When the source starts in the clip, in milliseconds: not 0 only where files play one after another.</summary>
    public long PartStart { get; init; }

    /// <summary>What is added to the source's times by its edits, in its ticks; 0 where edits are ignored.</summary>
    public long StartOffset { get; init; }

    /// <summary>How long after the clip's start its first frame is decoded, in ticks of the source: what an empty edit leaves of the beginning.</summary>
    public required long Lead { get; init; }

    /// <summary>Where the clip begins in the source, in milliseconds.</summary>
    public required long ClipFrom { get; init; }

    /// <summary>Whether the mapping gives a key for frames that are encrypted.</summary>
    public bool HasKey { get; init; }

    /// <summary>Decrypts frames with that key; null where they are not encrypted, or not as it knows.</summary>
    public FrameDecryptor? Decryptor { get; init; }

    public TrackInfo Info => Source.Info;

    public TrackKind Kind => Source.Info.Kind;

    /// <summary>Language of the sequence, or of the media where the mapping says none.</summary>
    public string Language => SequenceDescription.Language.Length > 0 ? SequenceDescription.Language : Source.Info.Language;

    /// <summary>Bits per second: what the mapping says, or the whole track's bytes over its length.</summary>
    public long Bitrate
    {
        get
        {
            var (video, audio) = SequenceDescription.Bitrate;
            var given = Kind == TrackKind.Video ? video : audio;
            return given > 0 ? given : Source.Bitrate;
        }
    }

    /// <summary>Average bits per second that the mapping gives; 0 where it gives none.</summary>
    public long AverageBitrate => Kind == TrackKind.Video ? SequenceDescription.AverageBitrate.Video : SequenceDescription.AverageBitrate.Audio;

    /// <summary>Length of the clip's part of the track, in milliseconds, as the file's tables say.</summary>
    public long Duration
    {
        get
        {
            var whole = MediaTime.RescaleNearest(Source.DeclaredDuration, Math.Max(1, Info.Timescale), 1000) - ClipFrom;
            return Math.Max(0, Limit is { } limit ? Math.Min(limit, whole) : whole);
        }
    }

    /// <summary>How much of the source is played, in milliseconds; null for all there is.</summary>
    public long? Limit { get; init; }

    /// <summary>Delay of the source's first frame: what a packager takes off all presentation times so that they start with decoding.</summary>
    public int InitialDelay
    {
        get
        {
            Span<SourceFrame> first = stackalloc SourceFrame[1];
            return Source.Read(0, first) == 1 ? first[0].CompositionOffset : 0;
        }
    }

    /// <summary><see cref="InitialDelay"/> in ticks of another timescale.</summary>
    public int InitialDelayIn(int timescale) => (int)MediaTime.RescaleNearest(InitialDelay, Info.Timescale, timescale);

    /// <summary>Whether this is the same track of the same sequence as another one: the next file of those that play one after another.</summary>
    public bool IsPartOf(SetTrack? other) =>
        other is not null && Sequence == other.Sequence && Kind == other.Kind && Source.IndexInKind == other.Source.IndexInKind;

    /// <summary>A time from the clip's start, in milliseconds, as a decode time of the source, in its ticks.</summary>
    public long TicksAt(long milliseconds) => MediaTime.Rescale(milliseconds - PartStart + ClipFrom, 1000, Info.Timescale) - StartOffset;

    /// <summary>First frame of the clip that is decoded at or after a decode time of the source; <see cref="EndFrame"/> where there is none.</summary>
    public int FrameAt(long ticks) => Math.Clamp(Source.FindFrame(ticks), FirstFrame, EndFrame);

    /// <summary>Works out frames in a packager's timescale.</summary>
    /// <param name="first">Number of the first frame in the source.</param>
    /// <param name="count">How many.</param>
    /// <param name="timescale">Of the result.</param>
    /// <returns>False where the source's tables end or contradict themselves.</returns>
    public bool TryRead(int first, int count, int timescale, out SetFrame[] frames)
    {
        frames = new SetFrame[count];
        var buffer = ArrayPool<SourceFrame>.Shared.Rent(Math.Min(count, 4096) + 1);
        try
        {
            for (var done = 0; done < count;)
            {
                var wanted = Math.Min(count - done, 4096);
                if (Source.Read(first + done, buffer.AsSpan(0, wanted)) != wanted)
                {
                    return false;
                }

                Rescale(buffer.AsSpan(0, wanted), timescale, frames.AsSpan(done));
                done += wanted;
            }

            return true;
        }
        finally
        {
            ArrayPool<SourceFrame>.Shared.Return(buffer);
        }
    }

    void Rescale(ReadOnlySpan<SourceFrame> source, int timescale, Span<SetFrame> target)
    {
        var origin = Source.DecodeTimeOf(FirstFrame) - Lead;
        var (clock, reached) = (new RescaledClock(0, Info.Timescale, timescale), 0L);
        for (var i = 0; i < source.Length; i++)
        {
            ref readonly var frame = ref source[i];
            var time = frame.DecodeTime - origin;
            if (time != reached)   // most begin where the one before ends
            {
                clock = new RescaledClock(time, Info.Timescale, timescale);
            }

            var dts = clock.Ticks;
            clock.Advance(frame.Duration);
            reached = time + frame.Duration;
            var pts = frame.CompositionOffset == 0 ? dts
                : frame.CompositionOffset == frame.Duration ? clock.Ticks
                : MediaTime.RescaleNearest(time + frame.CompositionOffset, Info.Timescale, timescale);
            target[i] = new SetFrame(dts, (int)(clock.Ticks - dts), (int)(pts - dts), frame.Size, frame.Offset, frame.IsKey);
        }
    }
}
