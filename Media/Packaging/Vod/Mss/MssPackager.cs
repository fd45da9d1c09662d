using System.Text;
using Tributary.Media.Captions;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Vod.Hls;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Mss;

/// <summary>Answers Smooth Streaming requests for a set (MS-SSTR): the manifest, and fragments of one track each, named by bit rate and time.</summary>
static class MssPackager
{
    /// <summary>Ticks per second of all times.</summary>
    internal const int Timescale = 10_000_000;

    internal const int TicksPerMillisecond = Timescale / 1_000;

    /// <summary>Fragments that a live stream's fragment tells the times of, and that its manifest leaves out.</summary>
    internal const int LookAhead = 2;

    internal static PackagedAnswer Manifest(MediaSet set)
    {
        if (set.Timeline is { IsLive: true, IsContinuous: false })
        {
            return PackagedAnswer.Failed(MediaFailure.BadMapping, "a live set with discontinuities cannot be told in Smooth Streaming");
        }

        return new MssManifest(set).Write() is { } manifest
            ? PackagedAnswer.Of(new MemoryBody(Encoding.UTF8.GetBytes(manifest)) { ContentType = "text/xml" })
            : PackagedAnswer.Failed(MediaFailure.BadMapping, "the live set has no fragment yet");
    }

    /// <summary>A fragment, of the segment that its time falls into.</summary>
    /// <param name="set">The set, with the segment's clips opened and one track selected.</param>
    /// <exception cref="IOException">A source failed while it was read.</exception>
    internal static ValueTask<PackagedAnswer> FragmentAsync(MediaSet set, VodRequest request, CancellationToken cancellation) =>
        set.Timeline.SegmentAt((request.SegmentTime ?? 0) / TicksPerMillisecond) is not { } segment
            ? new(PackagedAnswer.Failed(MediaFailure.NoStreams, "there is no such fragment"))
            : request.MssStream == MssStream.Text
                ? new(CaptionsFragment(set, segment))
                : MediaFragmentAsync(set, segment, cancellation);

    static async ValueTask<PackagedAnswer> MediaFragmentAsync(MediaSet set, int segment, CancellationToken cancellation)
    {
        var failure = SegmentFrames.TryPick(set, set.Timeline.RangesOf(segment), Timescale, 0, out var tracks);
        if (failure != MediaFailure.None || tracks.Length == 0)
        {
            return failure != MediaFailure.None
                ? PackagedAnswer.Failed(failure, "the fragment's frames cannot be found")
                : PackagedAnswer.Failed(MediaFailure.NoStreams, "there is no such track");
        }

        if (FrameBytes.Of(tracks) is not { } bytes)
        {
            return PackagedAnswer.Failed(MediaFailure.BadData, "the file ends before a frame does");
        }

        var header = new MssFragment(set, tracks[0], segment).WriteHeader();
        FrameRun[] runs = [.. tracks[0].Runs.Select(run => new FrameRun(run, 0, run.Frames.Length))];
        var body = new SegmentBody(header.Length + tracks[0].TotalBytes, bytes, () => new FramePieces(header, runs, bytes)) { ContentType = HlsPackager.TypeOf([tracks[0].Track]) };
        return await SegmentBody.AnswerAsync(body, cancellation);
    }

    /// <summary>
    /// A fragment of captions: one sample, a TTML document of what is shown in it. Its times count from the fragment's start: MS-SSTR does not say what they
    /// count from, and players of Smooth Streaming add the sample's time to them, other than those of DASH.
    /// </summary>
    static PackagedAnswer CaptionsFragment(MediaSet set, int segment)
    {
        var ranges = set.Timeline.RangesOf(segment);
        if (ranges.Count == 0 || ShownCaptions.Of(set, ranges, 0) is not { } captions)
        {
            return PackagedAnswer.Failed(MediaFailure.NoStreams, "there are no such captions");
        }

        var start = set.Timeline.TimeOf(ranges[0]);
        var document = TtmlWriter.Write(captions, CaptionWindow.Whole with { Shift = -start, ClipFrom = start });
        var duration = ranges.Sum(range => Math.Min(range.To, set.Timeline.Durations[range.Clip]) - range.From);
        return PackagedAnswer.Of(new MemoryBody(MssFragment.WriteCaptions(set, document, segment, duration * TicksPerMillisecond)) { ContentType = "video/mp4" });
    }

    /// <summary>Bit rate as manifests write it: rounded down to 1,024, with the numbers of sequence and track below, by which fragments are asked for.</summary>
    internal static long NameOf(SetTrack track) => track.Bitrate >> 10 << 10 | (long)(track.Sequence & 31) << 5 | (long)(track.Source.IndexInKind - 1 & 31);

    /// <summary>The sequence and the track (both from 0) that a fragment's bit rate names.</summary>
    internal static (int Sequence, int Track) Parse(long bitrate) => ((int)(bitrate >> 5 & 31), (int)(bitrate & 31));

    /// <summary>The one track that a fragment is of.</summary>
    internal static IReadOnlyDictionary<int, TrackSelection> TracksOf(VodRequest request)
    {
        var (sequence, track) = Parse(request.Bitrate);
        return new Dictionary<int, TrackSelection>
        {
            [sequence] = request.MssStream switch
            {
                MssStream.Video => new TrackSelection(1UL << track, 0),
                MssStream.Audio => new TrackSelection(0, 1UL << track),
                _ => new TrackSelection(0, 0, ulong.MaxValue),
            },
        };
    }

    /// <summary>Whether a track can be told of: H.264, AAC and MP3.</summary>
    internal static bool Carries(Codec codec) => codec is Codec.H264 or Codec.Aac or Codec.Mp3;
}
