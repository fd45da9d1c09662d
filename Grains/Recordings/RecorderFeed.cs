using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.Recordings;

/// <summary>
/// One rendition as a recorder follows it: its frames as a gateway gets them, with a window of its own, so that what is written are the very bytes that viewers
/// get, timed metadata included. Frames come on the publisher's thread and only take references.
/// </summary>
sealed partial class RecorderFeed(string stream, Recorder recorder, RecorderContext context) : IAsyncObserver<FrameBatch>, ILiveStreamObserver, IDisposable
{
    readonly LiveWindow _window = new(context.Window, context.SyncPoints.In(LiveMuxers.All, stream), RenditionName.Split(stream).Rendition);
    StreamDirective? _directive;

    public string Stream => stream;

    bool IsFirst => RenditionName.Split(stream).Rendition == RenditionName.First;

    public WindowView View => _window.View;

    /// <summary>The last that the stream's grain said.</summary>
    public StreamDirective? Directive => Volatile.Read(ref _directive);

    /// <summary>The view that was written last.</summary>
    public WindowView? Written { get; set; }

    internal StreamSubscriptionHandle<FrameBatch>? Subscription { get; set; }

    internal ILiveStreamObserver? Reference { get; set; }

    internal long RegisteredAt { get; set; }

    Task IAsyncObserver<FrameBatch>.OnNextAsync(FrameBatch batch, StreamSequenceToken? token)
    {
        _window.Append(batch.Frames.Span);
        if (batch.Signal is StreamSignal.SourceLost or StreamSignal.OffAir)
        {
            _window.Pause(batch.Signal == StreamSignal.OffAir ? WindowPause.OffAir : WindowPause.SourceLost);
        }

        if (_window.View != Written)
        {
            context.Loop.Wake(recorder);
        }

        return Task.CompletedTask;
    }

    Task IAsyncObserver<FrameBatch>.OnCompletedAsync() => Task.CompletedTask;

    Task IAsyncObserver<FrameBatch>.OnErrorAsync(Exception ex)
    {
        LogFailed(context.Log, Stream, ex.Message);
        return Task.CompletedTask;
    }

    public Task Directed(StreamDirective directive)
    {
        if (Directive is { } known && (directive.Epoch, directive.Version).CompareTo((known.Epoch, known.Version)) < 0)
        {
            return Task.CompletedTask;
        }

        Volatile.Write(ref _directive, directive);
        context.Feeds.Direct(Stream, directive);
        if (directive.State == StreamState.OffAir)
        {
            _window.Pause(WindowPause.OffAir);
            if (IsFirst)
            {
                recorder.End();   // the entry's own stream is off air when all renditions are
            }
        }
        else if (directive.Node.Length == 0 && (!IsFirst || directive.Renditions.Length > 0))
        {
            _window.Pause(WindowPause.SourceLost);   // the others go on: what is open of this one is all that there will be
        }

        return Task.CompletedTask;
    }

    public Task<WindowEdge?> Settle(long epoch) => Task.FromResult(_window.Settle(epoch) is { } edge ? WindowEdge.Of(edge) : null);

    public void Dispose() => _window.Dispose();

    [LoggerMessage(LogLevel.Warning, "Recorder of stream {Stream} failed on frames: {Why}")]
    static partial void LogFailed(ILogger log, string stream, string why);
}
