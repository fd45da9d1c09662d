using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Hds;

/// <summary>Answers Adobe HTTP Dynamic Streaming requests for a set: the F4M manifest, the bootstrap of a live stream, and fragments of FLV tags in mdat.</summary>
static class HdsPackager
{
    /// <summary>Ticks per second of all times.</summary>
    internal const int Timescale = 1_000;

    /// <summary>The manifest, which players tell from others by the request's path.</summary>
    internal static PackagedAnswer Manifest(MediaSet set, VodPlace place)
    {
        var file = place.FileName.Length > 0 ? place.FileName : set.Options.Hds.ManifestFileNamePrefix + ".f4m";
        return Text(new HdsManifest(set, $"{place.Path}/{file}").Write(), "video/f4m");
    }

    /// <summary>Which fragments there are, as it is now.</summary>
    internal static PackagedAnswer Bootstrap(MediaSet set) =>
        PackagedAnswer.Of(new MemoryBody(HdsBootstrap.Write(set, Carried(set.ReferenceTracks))) { ContentType = "video/abst" });

    /// <summary>A fragment of the set's tracks.</summary>
    /// <param name="set">The set, with the segment's clips opened.</param>
    /// <param name="segment">Number of the segment, from 0.</param>
    /// <exception cref="IOException">A source failed while it was read.</exception>
    internal static async ValueTask<PackagedAnswer> FragmentAsync(MediaSet set, int segment, CancellationToken cancellation)
    {
        var failure = SegmentFrames.TryPick(set, set.Timeline.RangesOf(segment), Timescale, 0, out var tracks);
        if (failure != MediaFailure.None)
        {
            return PackagedAnswer.Failed(failure, "the fragment's frames cannot be found");
        }

        if (tracks.Length == 0 || tracks.Any(track => !Carries(track.Track.Info.Codec)))
        {
            return PackagedAnswer.Failed(MediaFailure.BadRequest, "FLV carries H.264, AAC and MP3 only");
        }

        if (FrameBytes.Of(tracks) is not { } bytes)
        {
            return PackagedAnswer.Failed(MediaFailure.BadData, "the file ends before a frame does");
        }

        var fragment = new HdsFragment(tracks, segment, set.Options.Hds.GenerateMoof);
        return await SegmentBody.AnswerAsync(new SegmentBody(fragment.Length, bytes, () => fragment.Pieces(bytes)) { ContentType = "video/f4f" }, cancellation);
    }

    internal static bool Carries(Codec codec) => codec is Codec.H264 or Codec.Aac or Codec.Mp3;

    internal static SetTrack[] Carried(IEnumerable<SetTrack> tracks) => [.. tracks.Where(track => Carries(track.Info.Codec))];

    static PackagedAnswer Text(string text, string type) => PackagedAnswer.Of(new MemoryBody(Encoding.UTF8.GetBytes(text)) { ContentType = type });
}
