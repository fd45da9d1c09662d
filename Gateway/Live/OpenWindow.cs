using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.KLive;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Recordings;
using Tributary.Media.Packaging.Dash;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;
using Tributary.Media.Packaging.Smooth;

namespace Tributary.Gateway.Live;

/// <summary>One stream that this gateway follows: its window, fed by the frames stream and told about its source by the stream's grain.</summary>
public sealed class OpenWindow : IAsyncObserver<FrameBatch>, ILiveStreamObserver
{
    static readonly TimeSpan LeastCounted = TimeSpan.FromSeconds(10);

    readonly FrameFeeds _feeds;
    readonly TimeProvider _time;
    readonly long _opened;
    long _used;
    long _fed;
    long _reloads;
    long _countedAt;
    int _viewers;
    StreamDirective? _directive;
    long _newestEpoch;
    bool _doubted;

    internal OpenWindow(string stream, HlsOptions options, SegmentMuxers muxers, FrameFeeds feeds, TimeProvider time)
    {
        (Stream, _feeds, _time, OpenedAt) = (stream, feeds, time, time.GetUtcNow());
        (Entry, Rendition) = RenditionName.Split(stream);
        muxers = new SyncPointRule(options.SyncPoints).In(muxers, stream);
        Window = new LiveWindow(options.Window, muxers, Rendition) { Choice = StreamPattern.Find(options.Tracks, Entry, TrackChoice.None) };
        Ladder = new LiveLadder(Window);
        Playlists = new HlsPlaylists(muxers, options.LowLatency);
        Smooth = new SmoothManifests(options.Window.Window);
        Edge = new LiveEdge(Ladder, time);
        _opened = _fed = _countedAt = time.GetTimestamp();
        Touch();
    }

    public string Stream { get; }

    /// <summary>The entry of which the stream is a rendition.</summary>
    public string Entry { get; }

    public int Rendition { get; }

    /// <summary>What came of this stream alone.</summary>
    public LiveWindow Window { get; }

    /// <summary>All renditions of the entry, where this is the first.</summary>
    public LiveLadder Ladder { get; }

    public WindowView View => Ladder.View;

    public HlsPlaylists Playlists { get; }

    public DashManifests Manifests { get; } = new();

    /// <summary>The manifest for Smooth Streaming.</summary>
    internal SmoothManifests Smooth { get; }

    /// <summary>Where requests wait for what comes next.</summary>
    public LiveEdge Edge { get; }

    public DateTimeOffset OpenedAt { get; }

    /// <summary>Time since it was opened, whatever the clock on the wall was set to meanwhile.</summary>
    internal TimeSpan Age => _time.GetElapsedTime(_opened);

    /// <summary>The last that the grain said about the source.</summary>
    public StreamDirective? Directive => Volatile.Read(ref _directive);

    /// <summary>Time since the last frame came.</summary>
    internal TimeSpan Silence => _time.GetElapsedTime(Interlocked.Read(ref _fed));

    internal TimeSpan Idle => _time.GetElapsedTime(Interlocked.Read(ref _used));

    internal StreamSubscriptionHandle<FrameBatch>? Subscription { get; set; }

    /// <summary>How grains reach this window; the runtime does not keep it alive, the registry does.</summary>
    internal ILiveStreamObserver? Reference { get; set; }

    internal long RegisteredAt { get; set; }

    /// <summary>Called, on the publisher's thread, when the stream's grain should be asked again where its frames are.</summary>
    internal Action<OpenWindow>? DoubtsSource { get; set; }

    /// <summary>Called when the stream's grain tells of renditions beyond the first.</summary>
    internal Action<OpenWindow, int[]>? FindsRenditions { get; set; }

    /// <summary>Completes when those that it told of last are followed.</summary>
    internal Task Finding { get; set; } = Task.CompletedTask;

    /// <summary>1 while such a question is under way.</summary>
    internal int Asking;

    /// <summary>Viewers that hold a connection, counted with those who come and go.</summary>
    internal int LongLived { get; set; }

    internal void Touch() => Interlocked.Exchange(ref _used, _time.GetTimestamp());

    /// <summary>Counts a reload of the leading rendition's playlist: each viewer makes one per target duration.</summary>
    internal void CountReload() => Interlocked.Increment(ref _reloads);

    /// <summary>Viewers, estimated from the reloads since they were last counted; over a time too short to tell, as they were then.</summary>
    internal int CountViewers()
    {
        var since = _time.GetElapsedTime(_countedAt);
        if (since >= LeastCounted)
        {
            var reloads = Interlocked.Exchange(ref _reloads, 0);
            var target = Math.Max(1, Window.View.TargetDuration);
            (_countedAt, _viewers) = (_time.GetTimestamp(), (int)Math.Min(int.MaxValue, Math.Ceiling(reloads * target / since.TotalSeconds)));
        }

        return LongLived + _viewers;
    }

    /// <summary>
    /// Whether frames have stayed away for so long, and nobody was told yet. A host that is frozen keeps its connections open: this is the only sign.
    /// </summary>
    internal bool FallsSilent(TimeSpan limit)
    {
        if (Volatile.Read(ref _doubted) || Directive is not { State: StreamState.Live } || Silence < limit)
        {
            return false;
        }

        Volatile.Write(ref _doubted, true);
        return true;
    }

    // Runs on the publisher's thread, in the order in which the frames were marked; it only takes references.
    Task IAsyncObserver<FrameBatch>.OnNextAsync(FrameBatch batch, StreamSequenceToken? token)
    {
        if (!batch.Frames.IsEmpty)
        {
            Interlocked.Exchange(ref _fed, _time.GetTimestamp());
            Window.Append(batch.Frames.Span);
            Volatile.Write(ref _doubted, false);
        }

        if (batch.Signal is StreamSignal.SourceLost or StreamSignal.OffAir)
        {
            Window.Pause(batch.Signal == StreamSignal.OffAir ? WindowPause.OffAir : WindowPause.SourceLost);
        }

        if (IsNews(batch))
        {
            DoubtsSource?.Invoke(this);
        }

        return Task.CompletedTask;
    }

    // The source ended, or it cuts under an epoch that this gateway was not told of: the grain may have been activated anew and not know of us.
    bool IsNews(in FrameBatch batch)
    {
        if (batch.Signal != StreamSignal.None)
        {
            return true;
        }

        var epoch = batch.Frames.IsEmpty ? 0 : batch.Frames.Span[^1].Segment.Epoch;
        var isNewer = epoch > Directive?.Epoch && epoch > _newestEpoch;
        _newestEpoch = Math.Max(_newestEpoch, epoch);
        return isNewer;
    }

    Task IAsyncObserver<FrameBatch>.OnCompletedAsync() => Task.CompletedTask;

    Task IAsyncObserver<FrameBatch>.OnErrorAsync(Exception ex) => Task.CompletedTask;

    public Task<WindowEdge?> Settle(long epoch) => Task.FromResult(Window.Settle(epoch) is { } edge ? WindowEdge.Of(edge) : null);

    public Task Directed(StreamDirective directive)
    {
        if (directive.Renditions.Length > 0)
        {
            FindsRenditions?.Invoke(this, directive.Renditions);
        }

        var known = Directive;
        if (known is not null && (directive.Epoch, directive.Version).CompareTo((known.Epoch, known.Version)) < 0)
        {
            return Task.CompletedTask;
        }

        Volatile.Write(ref _directive, directive);
        _feeds.Direct(Stream, directive);
        if (directive.State == StreamState.OffAir)
        {
            Window.Pause(WindowPause.OffAir);
        }
        else if (directive.Node.Length == 0 && (Ladder.IsLadder || Rendition > RenditionName.First))
        {
            Window.Pause(WindowPause.SourceLost);   // the others go on: nobody waits for this one
        }

        return Task.CompletedTask;
    }
}
