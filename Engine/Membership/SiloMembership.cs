using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Orleans.Runtime;

/// <summary>The membership as one silo sees it, in the shapes that applications ask for.</summary>
sealed class SiloMembership : ISiloStatusOracle, IClusterMembershipService, IMembershipListener
{
    readonly ISiloCluster _cluster;
    readonly ILocalSiloDetails _self;
    readonly List<ISiloStatusListener> _listeners = [];
    readonly List<Channel<ClusterMembershipSnapshot>> _readers = [];

    public SiloMembership(ISiloCluster cluster, ILocalSiloDetails self)
    {
        _cluster = cluster;
        _self = self;
        cluster.Listen(this);
    }

    public SiloStatus CurrentStatus => Status(_self.SiloAddress);

    public string SiloName => _self.Name;

    public SiloAddress SiloAddress => _self.SiloAddress;

    public ClusterMembershipSnapshot CurrentSnapshot => _cluster.Snapshot;

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => Updates();

    public bool IsActive(SiloAddress silo) => Status(silo) == SiloStatus.Active;

    public SiloAddress[] GetActiveSilos() => [.. CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).Order()];

    public SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress) => Status(siloAddress);

    public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) =>
        CurrentSnapshot.Members.Values.Where(m => !onlyActive || m.Status == SiloStatus.Active).ToDictionary(m => m.SiloAddress, m => m.Status);

    public bool TryGetSiloName(SiloAddress siloAddress, out string? siloName)
    {
        siloName = CurrentSnapshot.Members.TryGetValue(siloAddress, out var member) ? member.Name : null;
        return siloName is not null;
    }

    public bool IsFunctionalDirectory(SiloAddress siloAddress) => IsActive(siloAddress);

    public bool IsDeadSilo(SiloAddress silo) => Status(silo) == SiloStatus.Dead;

    public bool SubscribeToSiloStatusEvents(ISiloStatusListener observer)
    {
        lock (_listeners)
        {
            if (_listeners.Contains(observer))
            {
                return false;
            }

            _listeners.Add(observer);
            return true;
        }
    }

    public bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer)
    {
        lock (_listeners)
        {
            return _listeners.Remove(observer);
        }
    }

    public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) =>
        CurrentSnapshot.Version < minimumVersion || minimumVersion == default ? _cluster.Refresh(cancellationToken) : default;

    public Task<bool> TryKill(SiloAddress siloAddress) => _cluster.TryKill(siloAddress);

    public void StatusChanged(SiloAddress silo, SiloStatus status)
    {
        ISiloStatusListener[] listeners;
        Channel<ClusterMembershipSnapshot>[] readers;
        lock (_listeners)
        {
            listeners = [.. _listeners];
            readers = [.. _readers];
        }

        foreach (var listener in listeners)
        {
            listener.SiloStatusChangeNotification(silo, status);
        }

        foreach (var reader in readers)
        {
            reader.Writer.TryWrite(CurrentSnapshot);
        }
    }

    public void Stop()
    {
        _cluster.Unlisten(this);
        lock (_listeners)
        {
            _readers.ForEach(r => r.Writer.TryComplete());
        }
    }

    SiloStatus Status(SiloAddress silo) => CurrentSnapshot.GetSiloStatus(silo);

    async IAsyncEnumerable<ClusterMembershipSnapshot> Updates([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // A reader that lags misses versions in between, never the latest one.
        var channel = Channel.CreateBounded<ClusterMembershipSnapshot>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_listeners)
        {
            _readers.Add(channel);
        }

        try
        {
            channel.Writer.TryWrite(CurrentSnapshot);
            await foreach (var snapshot in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return snapshot;
            }
        }
        finally
        {
            lock (_listeners)
            {
                _readers.Remove(channel);
            }
        }
    }
}
