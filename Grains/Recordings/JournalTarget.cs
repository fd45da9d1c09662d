using Microsoft.Extensions.Logging;
using Tributary.Grains.VodEntries;
using Tributary.Media.Packaging.Live;

namespace Tributary.Grains.Recordings;

/// <summary>
/// One journal of a recorder, and what becomes of it when the disk does not take it: it is given up, the others go on, and after a while it is tried again,
/// with another volume from the next segment on.
/// </summary>
sealed partial class JournalTarget(JournalFolder folder, JournalPlan plan, RecorderContext context)
{
    readonly JournalWriter _writer = new(folder, plan, context.Node, context.Time) { Ended = context.OnVolumeEnded(folder) };
    long _failedAt;
    long _skippedMsn = -1;
    long _newestMsn = -1;

    public string Name => plan.Name;

    public string Entry => plan.Entry;

    /// <summary>Why nothing is written; empty where all is well.</summary>
    public string Trouble { get; private set; } = "";

    public void Write(string rendition, LiveSegment segment, long epoch, InitSegment init, int number, TrackPart part, ReadOnlySpan<byte> bytes)
    {
        if (!Takes(segment.Msn))
        {
            return;
        }

        try
        {
            context.Metrics.Wrote(_writer.Write(rendition, segment, epoch, init, number, part, bytes));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Fail(exception.Message, segment.Msn);
        }
    }

    public void End(string rendition, LiveSegment segment, long epoch, TrackSegment share) => Try(segment.Msn, () =>
    {
        if (Takes(segment.Msn))
        {
            _writer.End(rendition, segment, epoch, share);
        }
    });

    public void Reach(long msn) => Try(msn, () => _writer.Reach(msn));

    public void Sync() => Try(-1, _writer.Sync);

    public void Close() => Try(-1, _writer.Close);

    public RecordedVolume[] Changes() => _writer.Changes();

    public void Forget(RecordedVolume[] heard) => _writer.Forget(heard);

    // A segment whose beginning was not written is not written at all.
    bool Takes(long msn)
    {
        _newestMsn = Math.Max(_newestMsn, msn);
        if (msn <= _skippedMsn || !_writer.Takes(msn))
        {
            return false;
        }

        var reason = Trouble.Length > 0 && context.Time.GetElapsedTime(_failedAt) < context.Options.RetryAfter ? Trouble : context.Limit(folder);
        if (reason.Length == 0)
        {
            if (Trouble.Length > 0)
            {
                LogAgain(context.Log, plan.Name);
            }

            Trouble = "";
            return true;
        }

        if (Trouble.Length == 0)
        {
            Fail(reason, msn);
        }

        _skippedMsn = msn;
        context.Metrics.Lost(1);
        return false;
    }

    void Try(long msn, Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Fail(exception.Message, msn);
        }
    }

    void Fail(string why, long msn)
    {
        _writer.Abandon();
        context.Metrics.Failed();
        if (Trouble.Length == 0)
        {
            LogStopped(context.Log, plan.Name, why);
        }

        (Trouble, _failedAt, _skippedMsn) = (why, context.Time.GetTimestamp(), Math.Max(_newestMsn, msn));
    }

    [LoggerMessage(LogLevel.Error, "Journal {Name} is not written any more: {Why}. The stream goes on; it is tried again")]
    static partial void LogStopped(ILogger log, string name, string why);

    [LoggerMessage(LogLevel.Information, "Journal {Name} is written again")]
    static partial void LogAgain(ILogger log, string name);
}
