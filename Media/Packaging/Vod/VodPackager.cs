using Tributary.Media.Packaging.Vod.Dash;
using Tributary.Media.Packaging.Vod.Hds;
using Tributary.Media.Packaging.Vod.Hls;
using Tributary.Media.Packaging.Vod.Mss;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod;

/// <summary>A request for packaged media, complete: what is played, what of it is asked for, and where.</summary>
/// <param name="Description">What is played, the URL's <c>clipFrom</c> and <c>clipTo</c> included.</param>
/// <param name="Request">What the file name asks for.</param>
/// <param name="Place">What URLs begin with.</param>
/// <param name="Clock">Milliseconds since the Unix epoch.</param>
public sealed record VodJob(MediaSetDescription Description, VodRequest Request, VodPlace Place, long Clock);

/// <summary>
/// Packages files: 1. a request kind says which clips it needs opened and how many tracks it is of, 2. the set is loaded that far, 3. its packager makes the
/// body. Everything that can go wrong is an answer with a <see cref="MediaFailure"/>; an upstream or a disk that fails in the midst is an IOException.
/// </summary>
public sealed class VodPackager(IMediaOpener opener, PackagingOptions options)
{
    /// <summary>Answers a request.</summary>
    /// <exception cref="IOException">A source failed while it was read.</exception>
    public async ValueTask<PackagedAnswer> AnswerAsync(VodJob job, CancellationToken cancellation)
    {
        if (job.Request.Kind is VodRequestKind.Thumbnail or VodRequestKind.VolumeMap)
        {
            return PackagedAnswer.Failed(MediaFailure.NotImplemented, "thumbnails and volume maps need a decoder, which comes later");
        }

        if (IsExpired(job))
        {
            return PackagedAnswer.Failed(MediaFailure.Expired, "the presentation is over");
        }

        if (job.Description is { Discontinuity: true, PlaylistType: not PlaylistType.Vod } && options.Segmentation is
            { ForceContinuousTimestamps: true, ForcePlaylistTypeVod: false })
        {
            return PackagedAnswer.Failed(MediaFailure.BadMapping, "a live set with discontinuities cannot have continuous timestamps");
        }

        var loader = new MediaSetLoader(opener, options);
        var loaded = await loader.LoadAsync(AsPackaged(job), NeedsOf(job), SelectionOf(job), job.Clock, cancellation);
        if (loaded.Set is null)
        {
            // A fragment of a track that is not there is missing; a name that makes no sense is another thing.
            if (job.Request.Kind == VodRequestKind.MssFragment && loaded.Failure == MediaFailure.BadRequest)
            {
                return PackagedAnswer.Failed(MediaFailure.NoStreams, loaded.Reason);
            }

            return PackagedAnswer.Failed(loaded.Failure, loaded.Reason);
        }

        var (set, answer) = (loaded.Set, default(PackagedAnswer));
        try
        {
            return answer = await PackageAsync(set, job, cancellation);
        }
        finally
        {
            if (answer.Body is SegmentBody segment)
            {
                segment.Own(set);   // it is read while it is sent
            }
            else
            {
                await set.DisposeAsync();
            }
        }
    }

    static ValueTask<PackagedAnswer> PackageAsync(MediaSet set, VodJob job, CancellationToken cancellation)
    {
        var request = job.Request;
        return request.Kind switch
        {
            VodRequestKind.HlsMaster => new(HlsPackager.Master(set, job.Place)),
            VodRequestKind.HlsIndex => new(HlsPackager.Index(set, job.Place)),
            VodRequestKind.HlsIFrames => new(HlsPackager.IFrames(set, job.Place)),
            VodRequestKind.HlsInit => new(HlsPackager.Init(set)),
            VodRequestKind.HlsTsSegment => HlsPackager.TsSegmentAsync(set, request, cancellation),
            VodRequestKind.HlsFmp4Segment => HlsPackager.FragmentAsync(set, request, cancellation),
            VodRequestKind.HlsCaptionsSegment => new(HlsCaptions.Segment(set, request.SegmentIndex ?? 0)),
            VodRequestKind.DashManifest => new(DashPackager.Manifest(set, job.Place)),
            VodRequestKind.DashInit => new(DashPackager.Init(set)),
            VodRequestKind.DashFragment => DashPackager.FragmentAsync(set, request, cancellation),
            VodRequestKind.DashCaptions => new(DashCaptions.WebVtt(set)),
            VodRequestKind.DashCaptionsFragment => new(DashCaptions.Fragment(set, request.SegmentIndex ?? 0)),
            VodRequestKind.MssManifest => new(MssPackager.Manifest(set)),
            VodRequestKind.MssFragment => MssPackager.FragmentAsync(set, request, cancellation),
            VodRequestKind.HdsManifest => new(HdsPackager.Manifest(set, job.Place)),
            VodRequestKind.HdsBootstrap => new(HdsPackager.Bootstrap(set)),
            VodRequestKind.HdsFragment => HdsPackager.FragmentAsync(set, request.SegmentIndex ?? 0, cancellation),
            var kind => new(PackagedAnswer.Failed(MediaFailure.NotImplemented, $"{kind} is not packaged yet")),
        };
    }

    // Smooth Streaming knows no discontinuities: one grid runs through all clips of a finished set, without the gaps that their times may have.
    static MediaSetDescription AsPackaged(VodJob job) =>
        job.Request.Kind is VodRequestKind.MssManifest or VodRequestKind.MssFragment && job.Description.PlaylistType == PlaylistType.Vod
            ? job.Description with { Discontinuity = false, ClipTimes = null }
            : job.Description;

    // Segments of a presentation that is over are still served: players that are behind finish.
    static bool IsExpired(VodJob job)
    {
        var now = job.Clock + job.Description.TimeOffsetSeconds * 1000;
        return job.Request.SegmentIndex is null && job.Request.SegmentTime is null
            && job.Description.ExpirationTime is { } end && end <= now
            && !(job.Description.PresentationEndTime <= now);
    }

    static SetNeeds NeedsOf(VodJob job)
    {
        var request = job.Request;
        if (request.SegmentIndex is { } segment)
        {
            return new SetNeeds(SetNeedsKind.Segment, segment, request.ClipIndex);
        }

        if (request.SegmentTime is { } time)
        {
            return new SetNeeds(SetNeedsKind.Time, Time: time / MssPackager.TicksPerMillisecond);
        }

        if (request.ClipIndex is { } clip)
        {
            return new SetNeeds(SetNeedsKind.Clip, clip);
        }

        var tellsAll = request.Kind is VodRequestKind.DashCaptions
            || (request.Kind is VodRequestKind.DashManifest && !job.Description.ConsistentSequenceMediaInfo);
        return new SetNeeds(tellsAll ? SetNeedsKind.All : SetNeedsKind.Reference);
    }

    static SetSelection SelectionOf(VodJob job)
    {
        var request = job.Request;
        return new SetSelection
        {
            Sequences = request.Kind == VodRequestKind.MssFragment ? 1UL << MssPackager.Parse(request.Bitrate).Sequence : request.Sequences,
            SequenceIds = request.SequenceIds,
            Tracks = request.Tracks,
            SequenceTracks = request.Kind == VodRequestKind.MssFragment ? MssPackager.TracksOf(request) : request.SequenceTracks,
            SequenceIdTracks = request.SequenceIdTracks,
            Languages = request.Languages,
            Shift = request.Shift,
            Codecs = PackagedCodecs.Of(request.Kind),
            OnePerKind = request.Kind is VodRequestKind.HlsIndex or VodRequestKind.HlsIFrames or VodRequestKind.HlsTsSegment
                or VodRequestKind.HlsFmp4Segment or VodRequestKind.HlsInit or VodRequestKind.HdsBootstrap or VodRequestKind.HdsFragment,
            OnlyOne = request.Kind is VodRequestKind.DashInit or VodRequestKind.DashFragment or VodRequestKind.MssFragment,
        };
    }
}
