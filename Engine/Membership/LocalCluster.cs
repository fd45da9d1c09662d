using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>
/// What the silos and clients of one cluster share while all of them live in one process: the membership, the directory of activations, the network between
/// them, and the memory of in-memory providers. Each part is what another process will answer for once nodes are apart.
/// </summary>
sealed class LocalCluster : ISiloCluster, IClientCluster
{
    static readonly ConcurrentDictionary<string, LocalCluster> Clusters = new();
    readonly Lock _gate = new();
    readonly List<IMembershipListener> _listeners = [];
    readonly ConcurrentDictionary<IdSpan, SiloAddress> _clients = new();
    readonly ConcurrentDictionary<SiloAddress, IPEndPoint> _gateways = new();
    readonly ConcurrentDictionary<SiloAddress, Silo> _silos = new();
    SiloAddress[] _openGateways = [];
    ClusterMembershipSnapshot _snapshot = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, new MembershipVersion(0));

    public MemoryNetwork Network { get; } = new(TimeProvider.System);

    public LocalDirectory Directory { get; } = new();

    /// <summary>What memory storage holds, by provider, state name and grain.</summary>
    public ConcurrentDictionary<(string Provider, string State, GrainId Grain), MemoryRecord> Memory { get; } = new();

    public MemoryReminders Reminders { get; } = new();

    public event Action<GrainId>? RemindersChanged
    {
        add => Reminders.Changed += value;
        remove => Reminders.Changed -= value;
    }

    public IMessageLink Link => Network;

    IActivationDirectory ISiloCluster.Directory => Directory;

    public ClusterMembershipSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>The cluster of that name in this process.</summary>
    public static LocalCluster Named(string name) => Clusters.GetOrAdd(name, static _ => new LocalCluster());

    public static void Forget(string name) => Clusters.TryRemove(name, out _);

    /// <summary>The cluster that has a gateway at this endpoint, null when none is started here.</summary>
    public static LocalCluster? WithGateway(IPEndPoint endpoint) =>
        Clusters.Values.FirstOrDefault(c => c._gateways.Any(g => g.Value.Equals(endpoint) && c.Snapshot.GetSiloStatus(g.Key) == SiloStatus.Active));

    /// <summary>The silos that clients may talk to, found anew when the membership changes.</summary>
    public SiloAddress[] Gateways => Volatile.Read(ref _openGateways);

    public SiloAddress NewClientAddress() => SiloAddress.New(IPAddress.Loopback, 0, -SiloAddress.AllocateNewGeneration());

    public Task Join(Silo silo, CancellationToken cancellationToken)
    {
        Network.Attach(silo);
        _silos[silo.Address] = silo;
        _clients[silo.ClientId.Key] = silo.Address;
        SetStatus(silo.Address, SiloStatus.Joining, silo.Name);
        return Task.CompletedTask;
    }

    public Task BecomeActive(Silo silo, CancellationToken cancellationToken)
    {
        if (silo.GatewayPort > 0)
        {
            _gateways[silo.Address] = new IPEndPoint(silo.Address.Endpoint.Address, silo.GatewayPort);
        }

        SetStatus(silo.Address, SiloStatus.Active, silo.Name);
        return Task.CompletedTask;
    }

    public Task BeginLeaving(Silo silo)
    {
        SetStatus(silo.Address, SiloStatus.ShuttingDown, silo.Name);
        return Task.CompletedTask;
    }

    // Within one process there is nobody who would notice a death: it is told either way.
    public Task Leave(Silo silo, bool inGoodOrder)
    {
        SetStatus(silo.Address, SiloStatus.Dead, silo.Name);
        _clients.TryRemove(silo.ClientId.Key, out _);
        _silos.TryRemove(silo.Address, out _);
        return Task.CompletedTask;
    }

    public Task Connect(ClientNode client, CancellationToken cancellationToken)
    {
        if (Gateways.Length == 0)
        {
            throw new SiloUnavailableException("Could not find any gateway. The client will not be able to start.");
        }

        Network.Attach(client);
        _clients[client.ClientId.Key] = client.Address;
        return Task.CompletedTask;
    }

    public Task Disconnect(ClientNode client)
    {
        _clients.TryRemove(client.ClientId.Key, out _);
        Network.Detach(client.Address);
        return Task.CompletedTask;
    }

    public ValueTask Refresh(CancellationToken cancellationToken) => default;

    public Task<bool> TryKill(SiloAddress silo)
    {
        SetStatus(silo, SiloStatus.Dead, Snapshot.Members.TryGetValue(silo, out var member) ? member.Name : "");
        return Task.FromResult(true);
    }

    public void RaiseRemindersChanged(GrainId grain) => Reminders.RaiseChanged(grain);

    public SiloAddress? AddressOfClient(GrainId client) => _clients.GetValueOrDefault(client.Key);

    public bool HasLeft(SiloAddress silo) => false;

    /// <summary>The silos that run in this process, for management and for placement by load.</summary>
    public IReadOnlyCollection<Silo> Silos => [.. _silos.Values];

    public int ActivationsOf(SiloAddress silo) => _silos.TryGetValue(silo, out var known) ? known.Catalog.Count : 0;

    public void Listen(IMembershipListener listener)
    {
        lock (_gate)
        {
            _listeners.Add(listener);
        }
    }

    public void Unlisten(IMembershipListener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
        }
    }

    /// <summary>Writes a silo's status. Dead is for ever: the directory forgets its activations, and everybody is told.</summary>
    public void SetStatus(SiloAddress silo, SiloStatus status, string name)
    {
        IMembershipListener[] listeners;
        lock (_gate)
        {
            if (_snapshot.Members.TryGetValue(silo, out var old) && (old.Status == status || old.Status == SiloStatus.Dead))
            {
                return;
            }

            _snapshot = new ClusterMembershipSnapshot(
                _snapshot.Members.SetItem(silo, new ClusterMember(silo, status, name)), new MembershipVersion(_snapshot.Version.Value + 1));
            Volatile.Write(ref _openGateways, [.. _gateways.Keys.Where(g => _snapshot.GetSiloStatus(g) == SiloStatus.Active).Order()]);
            listeners = [.. _listeners];
        }

        if (status == SiloStatus.Dead)
        {
            Network.Detach(silo);
            Directory.RemoveSilo(silo);
            _gateways.TryRemove(silo, out _);
        }

        foreach (var listener in listeners)
        {
            listener.StatusChanged(silo, status);
        }
    }
}

/// <summary>Is told of membership changes, in order, and must not block.</summary>
interface IMembershipListener
{
    void StatusChanged(SiloAddress silo, SiloStatus status);
}
