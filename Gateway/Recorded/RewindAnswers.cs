using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Live;
using Tributary.Gateway.Metrics;
using Tributary.Grains.Recordings;
using Tributary.Media.Frames;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Gateway.Recorded;

/// <summary>
/// What is kept of live streams for viewers who go back: which nodes have it, what their journals say, and segments that have left memory, under the names and
/// with the bytes that they had live.
/// </summary>
sealed class RewindAnswers(
    IGrainFactory grains, JournalSources sources, GatewayMetrics metrics, IOptions<DvrOptions> dvr, IOptions<EdgeOptions> edge, TimeProvider time)
{
    // A node's new journal is heard of within this time; segments that are not in it yet are still in memory.
    static readonly TimeSpan NodesAge = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<string, (long AskedAt, Task<RecordingDescription> Answer)> _known = new(StringComparer.Ordinal);

    /// <summary>How far viewers of a stream may go back; zero: no further than memory reaches.</summary>
    public TimeSpan WindowOf(string stream) => dvr.Value.WindowOf(stream);

    /// <summary>What is on disk now. Throws <see cref="StreamDirectoryException"/> where nobody answers in time.</summary>
    public async Task<OpenTimeline.Snapshot> Open(string stream)
    {
        var nodes = (await Describe(stream)).RewindNodes;
        return await sources.Open(JournalKind.Rewind, stream).Look(nodes, dvr.Value.LookEvery);
    }

    /// <summary>Answers a request for a segment or an initialization section that the window does not have, where the journal has it.</summary>
    public async ValueTask<bool> TryAnswer(HttpContext context, string stream, OpenWindow? window, HlsRequest request)
    {
        if (request is not { Form: HlsForm.Cmaf, Kind: HlsKind.Segment or HlsKind.Init } || WindowOf(stream) == TimeSpan.Zero || IsInMemory(window, request))
        {
            return false;
        }

        try
        {
            var timeline = (await Open(stream)).Timeline;
            return request.Kind == HlsKind.Init ? await TryInit(context, stream, timeline, request) : await TrySegment(context, stream, timeline, request);
        }
        catch (Exception exception) when (exception is StreamDirectoryException or IOException or HttpRequestException && !context.Response.HasStarted)
        {
            return false;   // the window answers as if nothing were kept
        }
    }

    static bool IsInMemory(OpenWindow? window, HlsRequest request)
    {
        if (window?.View is not { } view)
        {
            return false;
        }

        var track = request.Video > 0 ? view.Find(TrackKind.Video, request.Video) : view.Find(TrackKind.Audio, request.Audio);
        return track is not null && (request.Kind == HlsKind.Init
            ? view.Init(track, request.Init) is not null
            : request.Msn >= track.First || view.Segment(request.Msn) is not null);
    }

    async Task<bool> TrySegment(HttpContext context, string stream, RecordedTimeline timeline, HlsRequest request)
    {
        var rendition = timeline.Find(NameOf(request));
        if (rendition < 0 || Find(timeline, request.Msn)?.Piece(rendition) is not { } piece || !RecordedTimeline.IsListed(piece) || piece.Share.IsGap)
        {
            return false;
        }

        await Write(context, stream, piece.Volume, piece.Share.Track!, piece.Share.Offset, piece.Share.Length);
        return true;
    }

    async Task<bool> TryInit(HttpContext context, string stream, RecordedTimeline timeline, HlsRequest request)
    {
        var rendition = timeline.Find(NameOf(request));
        for (var index = timeline.Numbers.Count - 1; rendition >= 0 && index >= 0; index--)
        {
            if (timeline.Numbers[index].Piece(rendition) is { Share.Track: { } track } piece && track.InitNumber == request.Init)
            {
                await Write(context, stream, piece.Volume, track, track.InitOffset, track.InitLength);
                return true;
            }
        }

        return false;
    }

    async Task Write(HttpContext context, string stream, TimelineVolume volume, JournalTrack track, long offset, long length)
    {
        if (sources.Of(volume.Node) is not { } source)
        {
            throw new IOException($"Node {volume.Node} is not known.");
        }

        context.Response.ContentType = track.Name[0] == 'v' ? "video/mp4" : "audio/mp4";
        context.Response.Headers.CacheControl = Answers.Immutable(WindowOf(stream));
        var file = $"{volume.Name}-{track.Name}.mp4";
        metrics.Sent(await FileAnswers.Write(context, length, (at, bytes, cancellation) =>
            source.Read(JournalKind.Rewind, stream, file, offset + at, bytes, cancellation)));
    }

    static string NameOf(HlsRequest request) => request.Video > 0 ? $"v{request.Video}" : $"a{request.Audio}";

    static RecordedNumber? Find(RecordedTimeline timeline, long msn)
    {
        var (low, high) = (0, timeline.Numbers.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var number = timeline.Numbers[middle];
            if (number.Msn == msn)
            {
                return number;
            }

            (low, high) = number.Msn < msn ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    async Task<RecordingDescription> Describe(string stream)
    {
        if (!_known.TryGetValue(stream, out var known) || time.GetElapsedTime(known.AskedAt) >= NodesAge)
        {
            if (_known.Count >= edge.Value.MaxStates)
            {
                _known.Clear();
            }

            known = (time.GetTimestamp(), grains.GetGrain<IRecordingGrain>(stream).Describe());
            _known[stream] = known;
        }

        try
        {
            return await known.Answer.WaitAsync(edge.Value.AnswerTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            _known.TryRemove(stream, out _);
            throw new StreamDirectoryException("The cluster does not answer.", exception);
        }
    }
}
