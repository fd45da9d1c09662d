using Microsoft.Extensions.Logging;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

// Its stream's grain is kept informed: every interval, and at once where something is new.
public sealed partial class PublishSession
{
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);   // at a source that has a fault: it may be well again
    static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);   // while the cluster cannot say: when it can, the encoder waited for it long enough

    long _reportedAt;
    SourceFault _reportedFault;
    volatile bool _hasNews;
    TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);

    void Wake() => Volatile.Read(ref _wake).TrySetResult();

    // Over when there is something to look at, or when the session ends. What begins while a report is made is reported by the next.
    async Task Woken()
    {
        await _wake.Task;
        Volatile.Write(ref _wake, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _ended.Token.ThrowIfCancellationRequested();
    }

    async Task KeepReporting()
    {
        var failing = false;
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                _alarm.Change(NextLook(), Timeout.InfiniteTimeSpan);
                await Woken();
                if (IsDue())
                {
                    await Report();
                    failing = false;
                }
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                _metrics.ReportFailed();
                _hasNews = _reportedFault != SourceFault.None;   // a fault is worth another try soon
                if (!failing)
                {
                    LogReportFailed(StreamName, exception.Message);   // frames go on; one line per outage
                    failing = true;
                }
            }
        }
    }

    TimeSpan Interval => _waits && AskAgain < _options.ReportInterval ? AskAgain : _options.ReportInterval;

    // A source that falls silent is reported in that very moment: nobody polls for it.
    TimeSpan NextLook()
    {
        var untilReport = Interval - _time.GetElapsedTime(_reportedAt);
        var untilFault = _reportedFault == SourceFault.None && !_hasNews ? _hub.UntilSilent : LookAgain;
        var next = untilReport < untilFault ? untilReport : untilFault;
        return next > LeastPause ? next : LeastPause;
    }

    bool IsDue()
    {
        var fault = _hub.Fault;
        if (!_hasNews && fault == _reportedFault && _time.GetElapsedTime(_reportedAt) < Interval)
        {
            return false;
        }

        (_hasNews, _reportedFault, _reportedAt) = (false, fault, _time.GetTimestamp());
        return true;
    }

    async Task Report()
    {
        if (_waits)
        {
            await PublishAnew();
            return;
        }

        var report = _hub.Report(_request);
        var answer = await _stream.Report(report, _reference!).WaitAsync(_options.AnswerTimeout, _time, _ended.Token);
        if (answer.Outcome == ReportOutcome.Accepted)
        {
            _hub.Renew(answer.Epoch, report.Yielded);
            return;
        }

        _hub.Stop();
        _hub.Tell(StreamSignal.SourceChanged);
        await PublishAnew();
    }

    async Task PublishAnew()
    {
        var anew = await _stream.Publish(_request, _reference!).WaitAsync(_options.AnswerTimeout, _time, _ended.Token);
        _waits = false;
        if (anew.Outcome == PublishOutcome.Refused)
        {
            LogSuperseded(StreamName, anew.Sentence);
            End(PublishEnd.Replaced);
        }
        else
        {
            _hub.Emit(anew.SyncPoints);
            if (anew.Lease is { } lease)
            {
                _hub.GoOnAir(lease);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: its grain does not take reports ({Why}); the stream goes on without")]
    partial void LogReportFailed(string stream, string why);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream}: this publisher was superseded: {Why}")]
    partial void LogSuperseded(string stream, string why);
}
