using System.Data.Common;
using Microsoft.Extensions.Logging;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Publishing;

/// <summary>
/// One encoder that was admitted: takes its frames, keeps its stream's grain informed, and does what the grain decides. The connection disposes
/// it; <see cref="Ended"/> tells the connection when the grain wants the session gone.
/// </summary>
public sealed partial class PublishSession : IFrameSink, IPublisherObserver, IAsyncDisposable
{
    static readonly TimeSpan GoodByeTimeout = TimeSpan.FromSeconds(3);
    static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(10), LongestLeave = TimeSpan.FromDays(30);

    readonly StreamHub _hub;
    readonly ILiveStreamGrain _stream;
    readonly PublishRequest _request;
    readonly PublishOptions _options;
    readonly PublishMetrics _metrics;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly CancellationTokenSource _ended = new();
    readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly IGrainFactory _grains;
    readonly ITimer _alarm;
    ITimer? _expiry;
    IPublisherObserver? _reference;
    Task _reporting = Task.CompletedTask;
    PublishEnd? _end;
    int _disposed;
    bool _waits;

    internal PublishSession(
        StreamHub hub, IGrainFactory grains, string stream, PublishRequest request, PublishOptions options,
        PublishMetrics metrics, TimeProvider time, ILogger log)
    {
        (_hub, _grains, _request, _options, _metrics, _time, _log) = (hub, grains, request, options, metrics, time, log);
        StreamName = stream;
        _stream = grains.GetGrain<ILiveStreamGrain>(stream);
        _alarm = time.CreateTimer(static session => ((PublishSession)session!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        hub.HasNews = () =>
        {
            _hasNews = true;
            Wake();
        };
    }

    public string StreamName { get; }

    /// <summary>Cancelled when the stream's grain ends the session.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Why the grain ended it; null while it did not.</summary>
    public PublishEnd? EndedBy => _end;

    /// <summary>Over when there is something to play: a whole segment, or on standby a key frame to go on with.</summary>
    internal Task Playable => _hub.Playable;

    /// <summary>Number of the first segment that it cut or will; -1: it was never on air.</summary>
    internal long FirstMsn => _hub.FirstMsn;

    /// <summary>Over when the session is, and the stream's grain knows.</summary>
    internal Task Gone => _gone.Task;

    /// <summary>Whether the encoder was let in while the cluster could not say whether the stream may begin: it begins when the cluster can.</summary>
    internal bool IsWaiting => _waits;

    /// <summary>What the encoder says of itself (onMetaData).</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; private set; } = new Dictionary<string, string>();

    /// <summary>How long the last ping to the encoder and back took; null: none was answered yet.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>Asks the grain for the slot. While the cluster cannot say, an encoder that this node knows to be welcome is let in and waits.</summary>
    internal async Task<PublishAnswer> Begin(CancellationToken cancellation)
    {
        _reference = _grains.CreateObjectReference<IPublisherObserver>(this);
        PublishAnswer answer;
        try
        {
            answer = await _stream.Publish(_request, _reference).WaitAsync(_options.AnswerTimeout, _time, cancellation);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or DbException)
        {
            LogWaits(StreamName, exception.Message);
            (_waits, answer) = (true, new PublishAnswer { Outcome = PublishOutcome.Standby });
        }

        if (answer.Outcome != PublishOutcome.Refused)
        {
            if (answer.Lease is { } lease)
            {
                _hub.GoOnAir(lease);
            }

            _hub.Emit(answer.SyncPoints);
            _reporting = KeepReporting();
        }

        return answer;
    }

    /// <summary>Ends it when the time is over for which its encoder was let in; before it is given to the encoder.</summary>
    internal void EndAt(DateTimeOffset end)
    {
        var left = end - _time.GetUtcNow();
        left = left < LeastPause ? LeastPause : left < LongestLeave ? left : LongestLeave;
        _expiry = _time.CreateTimer(
            static session => ((PublishSession)session!).Revoked(0, PublishEnd.Expired, goesOn: false), this, left, Timeout.InfiniteTimeSpan);
    }

    public void OnFrame(in Frame frame, SourceClock clock) => _hub.Accept(frame, clock);

    public void OnMetadata(IReadOnlyDictionary<string, string> values) => Metadata = values;

    public void OnRoundTrip(TimeSpan took) => RoundTrip = took;

    public void OnTimedMetadata(string text, long timestamp, SourceClock clock) => _hub.Accept(text, timestamp);

    public ValueTask DisposeAsync() => EndAsync(_end ?? PublishEnd.ConnectionLost);

    /// <summary>
    /// The encoder is gone: closes the open segment and tells the grain why. Where the cluster ended the session, that is why, however the connection
    /// looked to <paramref name="end"/> with it.
    /// </summary>
    public async ValueTask EndAsync(PublishEnd end)
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _hub.Stop();
        End(end);
        end = _end!.Value;
        await _reporting;
        await _alarm.DisposeAsync();
        await (_expiry?.DisposeAsync() ?? default);
        var goesOn = false;
        try
        {
            goesOn = await _stream.Unpublish(_hub.Report(_request, final: true), end).WaitAsync(GoodByeTimeout, _time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or DbException)
        {
            LogGoodByeLost(StreamName, exception.Message);   // the grain finds out by itself when reports stay away
        }

        // Where nobody takes over, the open segment is complete with what it has; where somebody does, it begins that segment anew.
        _hub.Tell(goesOn ? StreamSignal.SourceChanged : StreamSignal.SourceLost);
        _hub.Forget();

        if (_reference is not null)
        {
            _grains.DeleteObjectReference<IPublisherObserver>(_reference);
        }

        _metrics.Ended(end);
        _ended.Dispose();
        _gone.SetResult();
    }

    void End(PublishEnd end)
    {
        _end ??= end;
        _ended.Cancel();
        Wake();
    }

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: the cluster cannot say who publishes it ({Why}); the encoder waits for the answer")]
    partial void LogWaits(string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: its grain could not be told that the publisher ended ({Why})")]
    partial void LogGoodByeLost(string stream, string why);
}
