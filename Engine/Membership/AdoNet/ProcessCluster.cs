using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>A silo's part in a cluster of processes: membership and directory in tables that all share, messages and heartbeats over connections.</summary>
sealed partial class ProcessCluster : ISiloCluster, IDisposable
{
    static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);
    readonly ClusterMembershipOptions _options;
    readonly TimeSpan _drainTimeout;
    readonly EndpointOptions _endpoints;
    readonly Surroundings _around;
    readonly ILogger _log;
    readonly SiloLink _link;
    readonly MembershipAgent _agent;
    readonly IMembershipTable _table;
    readonly ActivationTable _directory;
    readonly ConcurrentDictionary<SiloAddress, Heartbeat> _heartbeats = new();
    readonly CancellationTokenSource _stop = new();
    ImmutableArray<IMembershipListener> _listeners = [];
    Silo? _silo;

    public ProcessCluster(
        IServiceProvider services, IMembershipTable table, IActivationRows rows, IOptions<ClusterOptions> cluster, IOptions<ClusterMembershipOptions> membership,
        IOptions<EndpointOptions> endpoints, IOptions<ConnectionOptions> connections, IOptions<SiloMessagingOptions> messaging, ILogger<ProcessCluster> log)
    {
        _options = membership.Value;
        _drainTimeout = messaging.Value.ResponseTimeout < LongestDrain ? messaging.Value.ResponseTimeout : LongestDrain;
        _endpoints = endpoints.Value;
        _around = Surroundings.Of(services);
        _log = log;
        _table = table;
        _directory = new ActivationTable(rows, log) { IsAlive = MayHold, IsDead = IsDead, AskAround = AskAround };
        _agent = new MembershipAgent(_table, _options, _around, services.GetService<OwnDeath>() ?? OwnDeath.OfProcess, log)
        {
            Changed = OnChanged,
            Wrote = () => Gossip(Frames.Of(FrameType.TableChanged, "")),
            Buried = silo => _ = Quietly(() => _directory.RemoveRows(silo))
        };
        _link = new SiloLink(ClusterSecret.Identity(services, cluster.Value), connections.Value, messaging.Value, _around, log)
        {
            IsDead = IsDead,
            Answered = _directory.Answered,
            ControlOpened = AcceptHeartbeat,
            ClientsChanged = () => Say(ClientsFrame())
        };
    }

    public event Action<GrainId>? RemindersChanged;

    public IMessageLink Link => _link;

    public IActivationDirectory Directory => _directory;

    public ClusterMembershipSnapshot Snapshot => _agent.Snapshot;

    public IReadOnlyCollection<Silo> Silos => _silo is { } silo ? [silo] : [];

    public int ActivationsOf(SiloAddress silo) => silo.Equals(_silo?.Address) ? _silo.Catalog.Count : _heartbeats.TryGetValue(silo, out var heartbeat) ? heartbeat.Activations : 0;

    public bool HasLeft(SiloAddress silo) => _link.HasLeft(silo);

    public SiloAddress? AddressOfClient(GrainId client) => _link.AddressOfClient(client);

    public void Listen(IMembershipListener listener) => ImmutableInterlocked.Update(ref _listeners, l => l.Add(listener));

    public void Unlisten(IMembershipListener listener) => ImmutableInterlocked.Update(ref _listeners, l => l.Remove(listener));

    public async ValueTask Refresh(CancellationToken cancellationToken) => await _agent.Refresh(cancellationToken);

    public Task<bool> TryKill(SiloAddress silo) => _agent.Suspect(silo, isProof: true, "it is to end", CancellationToken.None);

    public void RaiseRemindersChanged(GrainId grain)
    {
        RemindersChanged?.Invoke(grain);
        Say(Frames.Of(FrameType.RemindersChanged, grain.ToString()));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _link.Dispose();
    }

    bool IsDead(SiloAddress silo) => Snapshot.GetSiloStatus(silo) == SiloStatus.Dead;

    // A silo that is in the directory and in no view of ours may be new.
    async ValueTask<bool> MayHold(SiloAddress silo)
    {
        if (Snapshot.GetSiloStatus(silo) == SiloStatus.None)
        {
            await _agent.Refresh(_stop.Token);
        }

        return Snapshot.GetSiloStatus(silo) is not (SiloStatus.None or SiloStatus.Dead) && !_link.HasLeft(silo);
    }

    void Every(TimeSpan period, Func<CancellationToken, Task> action)
    {
        if (period <= TimeSpan.Zero)
        {
            return;
        }

        _around.Threads.Start(Loop);

        async Task Loop()
        {
            using var timer = new PeriodicTimer(period, _around.Time);
            try
            {
                while (await timer.WaitForNextTickAsync(_stop.Token))
                {
                    await Quietly(() => action(_stop.Token));
                }
            }
            catch (OperationCanceledException)
            {
                // The silo ends.
            }
        }
    }

    async Task Quietly(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception exception)
        {
            LogFailed(_log, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Something that is done again later failed: {Reason}")]
    static partial void LogFailed(ILogger log, string reason);
}
