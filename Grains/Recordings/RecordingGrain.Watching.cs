using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;

namespace Tributary.Grains.Recordings;

// Whether its stream is on air, and what follows from that: it is told, and it asks.
public sealed partial class RecordingGrain
{
    // After the end of a stream its recorder has this long to say that everything is on disk.
    static readonly TimeSpan LastWord = TimeSpan.FromSeconds(10);

    static readonly TimeSpan AskLive = TimeSpan.FromSeconds(2), AskOffAir = TimeSpan.FromSeconds(10);

    long _asked;
    bool _busy;

    void Watch() => _timer ??= this.RegisterGrainTimer(LookAfter, new GrainTimerCreationOptions(Check, Check) { Interleave = true });

    // The stream's state as its grain tells it, or as it was asked for.
    async Task Turn(StreamState next, long nextMsn)
    {
        var before = Stored.State;
        if (before == next)
        {
            return;
        }

        Stored.State = next;
        if (next == StreamState.OffAir)
        {
            (Stored.EndedAt, _heard) = (time.GetUtcNow(), time.GetTimestamp());
            await state.WriteStateAsync();
        }
        else if (before == StreamState.OffAir)
        {
            (Stored.Stopped, Stored.NextMsn) = (false, nextMsn);
            if (Mode != RecordingMode.Off)
            {
                await BeginEntry(nextMsn);
            }

            if (Wants)
            {
                await Assign("the stream is on air", Stored.Node);
            }
        }
        else
        {
            await state.WriteStateAsync();
            if (next == StreamState.Live && Wants && Stored.Node.Length > 0 && _report is null)
            {
                await Tell(Stored.Node, Assignment());   // after a crash of everything its node knows nothing
            }
        }

        Watch();
    }

    async Task LookAfter()
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        try
        {
            await AskStream();
            if (IsLive && Wants)
            {
                await LookAfterNode();
            }
            else if (!IsLive && Stored.Node.Length > 0 && time.GetElapsedTime(_heard) > LastWord)
            {
                await Finish();   // its recorder is gone; what it wrote is on its disk
            }
            else if (Stored.Node.Length == 0 && !Stored.Commanded)
            {
                _timer?.Dispose();
                _timer = null;
                DeactivateOnIdle();
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or IOException)
        {
            LogTrouble(Stream, exception.Message);   // with the next look
        }
        finally
        {
            _busy = false;
        }
    }

    // Changes are told, but not all of them: a grain that was activated anew, or a stream that nobody configured to be recorded, is asked.
    async Task AskStream()
    {
        if (time.GetElapsedTime(_asked) < (IsLive ? AskLive : AskOffAir))
        {
            return;
        }

        _asked = time.GetTimestamp();
        var stream = await GrainFactory.GetGrain<ILiveStreamGrain>(Stream).Describe().WaitAsync(Patience, time);
        await Turn(stream.State, stream.NextMsn);
        if (Stored.IsRecording && IsLive && await IsFull())
        {
            Stored.Stopped = true;
            await EndEntry("it is as long as it may be (Recording:MaxDuration)");
        }
    }

    [LoggerMessage(LogLevel.Warning, "Recording of stream {Stream}: {Why}; it is tried again")]
    partial void LogTrouble(string stream, string why);
}
