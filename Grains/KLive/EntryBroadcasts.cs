using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>One encoder of an entry: a rendition.</summary>
/// <param name="Session">Tells it from the others.</param>
/// <param name="FirstMsn">Number of its first segment; -1: none yet.</param>
/// <param name="Playable">Over when there is something to play.</param>
/// <param name="Cut">Sends the encoder away.</param>
public sealed record BroadcastSource(Guid Session, Func<long> FirstMsn, Task Playable, Func<Task> Cut)
{
    /// <summary>Where the encoder is.</summary>
    public string Address { get; init; } = "";

    /// <summary>What it says of itself (onMetaData).</summary>
    public Func<IReadOnlyDictionary<string, string>> Metadata { get; init; } = static () => new Dictionary<string, string>();

    /// <summary>How long a ping to it and back took; null: not known yet.</summary>
    public Func<TimeSpan?> RoundTrip { get; init; } = static () => null;
}

/// <summary>The entries that are published on this node.</summary>
public sealed partial class EntryBroadcasts(
    IPlatformClient platform, MediaServerNode node, IGrainFactory grains, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time,
    ILogger<EntryBroadcasts> log) : BackgroundService
{
    static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    readonly Dictionary<(string Entry, int Index), EntryBroadcast> _all = [];

    internal IPlatformClient Platform => platform;

    internal MediaServerNode Node => node;

    internal IGrainFactory Grains => grains;

    internal KLiveOptions Options => options.Value;

    internal KLiveMetrics Metrics => metrics;

    internal TimeProvider Time => time;

    internal ILogger Log => log;

    /// <summary>An encoder is on.</summary>
    public void Begin(EntryPlace place, BroadcastSource source)
    {
        lock (_gate)
        {
            if (!_all.TryGetValue((place.Entry, place.Index), out var broadcast))
            {
                _all.Add((place.Entry, place.Index), broadcast = new EntryBroadcast(place, this));
                broadcast.Running = Task.Run(broadcast.Run);
            }

            broadcast.Add(source);
        }
    }

    /// <summary>An encoder is gone.</summary>
    public void End(EntryPlace place, Guid session)
    {
        lock (_gate)
        {
            if (_all.TryGetValue((place.Entry, place.Index), out var broadcast))
            {
                broadcast.Remove(session);
            }
        }
    }

    /// <summary>The entries that are on here.</summary>
    public EntryPlace[] Places()
    {
        lock (_gate)
        {
            return [.. _all.Values.Where(broadcast => !broadcast.IsEmpty).Select(broadcast => broadcast.Place)];
        }
    }

    /// <summary>Those that the platform was told of.</summary>
    internal EntryBroadcast[] Registered()
    {
        lock (_gate)
        {
            return [.. _all.Values.Where(broadcast => broadcast is { IsEmpty: false, IsRegistered: true })];
        }
    }

    /// <summary>Encoders of all of them.</summary>
    public int Encoders
    {
        get
        {
            lock (_gate)
            {
                return _all.Values.Sum(broadcast => broadcast.Sources.Length);
            }
        }
    }

    internal BroadcastSource? Find(Guid session)
    {
        lock (_gate)
        {
            return _all.Values.SelectMany(broadcast => broadcast.Sources).FirstOrDefault(source => source.Session == session);
        }
    }

    /// <summary>Sends one encoder away. False: there is none of that session.</summary>
    public async Task<bool> Cut(Guid session)
    {
        var found = Find(session);
        await (found?.Cut() ?? Task.CompletedTask);
        return found is not null;
    }

    // Not where an encoder came meanwhile.
    internal bool TryForget(EntryBroadcast broadcast)
    {
        lock (_gate)
        {
            return broadcast.IsEmpty && _all.Remove((broadcast.Place.Entry, broadcast.Place.Index));
        }
    }

    /// <summary>What an earlier run of this node registered and could not end: nobody publishes it here any more.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && !await TryEndEarlier())
        {
            await Task.Delay(options.Value.RetryAfter, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task<bool> TryEndEarlier()
    {
        try
        {
            var filter = new RawMap { ["objectType"] = "KalturaLiveStreamEntryFilter", ["hasMediaServerHostname"] = node.HostName };
            var left = await platform.Call("livestream", "list", 0, new RawMap { ["filter"] = filter, ["pager"] = new RawMap { ["pageSize"] = (long)Page } });
            foreach (var entry in left.Objects("objects"))
            {
                await EndEarlier(entry, 0);
                await EndEarlier(entry, 1);
            }

            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)   // whatever the platform is lacking: registrations end by themselves too
        {
            metrics.CallFailed("list");
            LogLeft(exception.Message);
            return false;
        }
    }

    Task EndEarlier(PlatformObject entry, int index)
    {
        lock (_gate)
        {
            return _all.ContainsKey((entry.Text("id"), index)) ? Task.CompletedTask : platform.Call("livestream", "unregisterMediaServer", entry.Int("partnerId"), new RawMap
            {
                ["entryId"] = entry.Text("id"), ["hostname"] = node.HostName, ["mediaServerIndex"] = index == 0 ? "0" : "1",
            });
        }
    }

    /// <summary>Entries that are looked through after a crash; what is beyond ends by itself.</summary>
    const int Page = 500;

    /// <summary>Encoders were sent away: the platform hears of it before this node is gone.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Task[] running;
        lock (_gate)
        {
            running = [.. _all.Values.Select(broadcast => broadcast.Running)];
        }

        await Task.WhenAny(Task.WhenAll(running), Task.Delay(Farewell, time, cancellationToken));
    }

    [LoggerMessage(LogLevel.Warning, "What an earlier run of this node registered with the platform could not be ended yet: {Why}")]
    partial void LogLeft(string why);
}
