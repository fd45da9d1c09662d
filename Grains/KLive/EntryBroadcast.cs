using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Platform;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Recordings;

namespace Tributary.Grains.KLive;

/// <summary>
/// An entry on air from this node, as primary or backup: 1. the platform is told that it broadcasts, then that it can be played, and again every minute;
/// 2. it is recorded where the platform says so; 3. when its last encoder is gone it is unregistered, and its recording ends where nobody else has it.
/// </summary>
sealed partial class EntryBroadcast(EntryPlace place, EntryBroadcasts all)
{
    readonly Lock _gate = new();
    readonly List<BroadcastSource> _sources = [];
    readonly HashSet<Guid> _gone = [];
    TaskCompletionSource _changed = New();
    bool _registered, _answered, _recording, _doubted;
    long _endedAt;

    public EntryPlace Place => place;

    public Task Running { get; set; } = Task.CompletedTask;

    /// <summary>Whether the platform knows of it.</summary>
    public bool IsRegistered => Volatile.Read(ref _registered);

    public bool IsEmpty => Sources.Length == 0;

    public BroadcastSource[] Sources
    {
        get
        {
            lock (_gate)
            {
                return [.. _sources];
            }
        }
    }

    public void Add(BroadcastSource source) => Change(() => _sources.Add(source));

    public void Remove(Guid session) => Change(() =>
    {
        _sources.RemoveAll(source => source.Session == session);
        _gone.Add(session);
    });

    /// <summary>The platform lists the entry, or does not any more: then it is registered again at once, and not again before it was listed.</summary>
    public void Seen(bool listed)
    {
        if (listed)
        {
            _doubted = false;
        }
        else if (!_doubted)
        {
            _doubted = true;
            Change(() => { });
        }
    }

    void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            (changed, _changed) = (_changed, New());
        }

        changed.SetResult();
    }

    public async Task Run()
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
            }

            var sources = Sources;
            var isPlayable = sources.Any(source => source.Playable.IsCompleted);
            var isDone = sources.Length > 0 ? await OnAir(isPlayable) : await OffAir();
            if (sources.Length == 0 && isDone)
            {
                if (all.TryForget(this))
                {
                    return;
                }

                continue;
            }

            var playable = isPlayable ? [] : sources.Select(source => source.Playable);
            await Pause([changed, .. playable], isDone ? all.Options.RegisterEvery : all.Options.RetryAfter * (0.75 + Random.Shared.NextDouble() / 4));
        }
    }

    // 1. and 2. A platform that is away records what it recorded when it was last heard.
    async Task<bool> OnAir(bool isPlayable)
    {
        _endedAt = 0;
        if (await Try("registerMediaServer", () => RegisterAndRecord(isPlayable)))
        {
            return true;
        }

        if (!_answered && place.Records)
        {
            await Try("recording", () => Record(wanted: true));
        }

        return false;
    }

    async Task RegisterAndRecord(bool isPlayable)
    {
        var entry = await Register(isPlayable ? LiveStatus.Playable : LiveStatus.Broadcasting).WaitAsync(all.Options.AnswerTimeout, all.Time);
        (_registered, _answered) = (true, true);
        await Record(IsRecorded(entry));
    }

    /// <summary>What a platform answers for a partner that it blocks.</summary>
    internal const string Blocked = "SERVICE_FORBIDDEN_CONTENT_BLOCKED";

    internal static bool IsRecorded(PlatformObject entry) => entry.Int("recordStatus") > 0 && entry.Int("recordingStatus") == Active;

    /// <summary>RecordingStatus of the platform.</summary>
    const int Active = 2;

    Task<PlatformObject> Register(int status) => all.Node.WhileKnown(() => all.Platform.Call("livestream", "registerMediaServer", place.Partner, new RawMap
    {
        ["entryId"] = place.Entry, ["hostname"] = all.Node.HostName, ["mediaServerIndex"] = place.Index == 0 ? "0" : "1", ["applicationName"] = place.Application,
        ["liveEntryStatus"] = (long)status, ["shouldCreateRecordedEntry"] = true,
    }));

    async Task Record(bool wanted)
    {
        if (wanted != _recording)
        {
            var recording = all.Grains.GetGrain<IRecordingGrain>(place.Entry);
            await (wanted ? recording.StartFrom(Sources.Select(source => source.FirstMsn()).Where(msn => msn >= 0).DefaultIfEmpty(-1).Min()) : recording.Stop()).WaitAsync(all.Options.AnswerTimeout, all.Time);
            _recording = wanted;
        }
    }

    // 3. A registration that cannot be ended ends by itself.
    async Task<bool> OffAir()
    {
        _endedAt = _endedAt == 0 ? all.Time.GetTimestamp() : _endedAt;
        var isRecorded = await Try("recording", EndRecording);
        var isDone = !_registered || await Try("unregisterMediaServer", async () =>
        {
            await all.Platform.Call("livestream", "unregisterMediaServer", place.Partner, new RawMap
            {
                ["entryId"] = place.Entry, ["hostname"] = all.Node.HostName, ["mediaServerIndex"] = place.Index == 0 ? "0" : "1",
            }).WaitAsync(all.Options.AnswerTimeout, all.Time);
            _registered = false;
        });
        return isDone && isRecorded || all.Time.GetElapsedTime(_endedAt) > all.Options.RegisterEvery * 2;
    }

    async Task EndRecording()
    {
        if (!_recording)
        {
            return;
        }

        var stream = await all.Grains.GetGrain<ILiveStreamGrain>(place.Entry).Describe().WaitAsync(all.Options.AnswerTimeout, all.Time);
        if (!stream.Slots.Any(slot => IsOthers(slot.Request.Session)))
        {
            await Record(wanted: false);
        }

        _recording = false;   // who has it still ends it
    }

    // The stream's grain may not have heard yet that an encoder of ours is gone.
    bool IsOthers(Guid session)
    {
        lock (_gate)
        {
            return !_gone.Contains(session);
        }
    }

    async Task<bool> Try(string action, Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (PlatformException refusal)
        {
            return await Refused(action, refusal);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)   // nothing that a platform lacks may end a stream
        {
            all.Metrics.CallFailed(action);
            LogUnanswered(all.Log, place.Entry, place.Index, action, exception.Message);
            return false;
        }
    }

    // What the platform does not want on air, or does not know any more, goes off air.
    async Task<bool> Refused(string action, PlatformException refusal)
    {
        all.Metrics.CallFailed(action);
        LogRefused(all.Log, place.Entry, place.Index, action, refusal.Message);
        if (refusal.Code is Blocked or "ENTRY_ID_NOT_FOUND")
        {
            _registered = false;
            await Task.WhenAll(Sources.Select(source => source.Cut()));
        }

        return true;
    }

    async Task Pause(Task[] changes, TimeSpan length)
    {
        using var over = new CancellationTokenSource();
        await Task.WhenAny([.. changes, Task.Delay(length, all.Time, over.Token)]);
        await over.CancelAsync();
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(LogLevel.Warning, "Entry {Entry} index {Index}: the platform does not answer {Action}: {Why}; the stream goes on, and it is tried again")]
    static partial void LogUnanswered(ILogger log, string entry, int index, string action, string why);

    [LoggerMessage(LogLevel.Warning, "Entry {Entry} index {Index}: the platform refuses {Action}: {Why}")]
    static partial void LogRefused(ILogger log, string entry, int index, string action, string why);
}
