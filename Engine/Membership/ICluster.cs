namespace Orleans.Runtime;

/// <summary>What a silo shares with the others of its cluster: the membership, the directory, the network. In one process that is memory, else PostgreSQL and TCP.</summary>
interface ISiloCluster
{
    IMessageLink Link { get; }

    IActivationDirectory Directory { get; }

    ClusterMembershipSnapshot Snapshot { get; }

    /// <summary>The silos that run in this process.</summary>
    IReadOnlyCollection<Silo> Silos { get; }

    /// <summary>Raised when a reminder was registered or removed somewhere: the silo that owns the grain takes it up.</summary>
    event Action<GrainId>? RemindersChanged;

    /// <summary>True for a silo that said that it leaves, though the membership may not say so yet.</summary>
    bool HasLeft(SiloAddress silo);

    /// <summary>How many activations a silo has, as far as is known.</summary>
    int ActivationsOf(SiloAddress silo);

    /// <summary>Where the client is that holds an observer; null when it is not known.</summary>
    SiloAddress? AddressOfClient(GrainId client);

    void Listen(IMembershipListener listener);

    void Unlisten(IMembershipListener listener);

    /// <summary>Opens the silo's ends of the network and makes it known.</summary>
    Task Join(Silo silo, CancellationToken cancellationToken);

    /// <summary>Grains may be placed on the silo, and clients may come.</summary>
    Task BecomeActive(Silo silo, CancellationToken cancellationToken);

    /// <summary>No new grains are placed on the silo.</summary>
    Task BeginLeaving(Silo silo);

    /// <summary>Ends the silo's part. Unless it is in good order, nobody is told who would not see the end of a process by himself.</summary>
    Task Leave(Silo silo, bool inGoodOrder);

    ValueTask Refresh(CancellationToken cancellationToken);

    Task<bool> TryKill(SiloAddress silo);

    void RaiseRemindersChanged(GrainId grain);
}

/// <summary>What a client shares with the cluster: the gateways and the way to them.</summary>
interface IClientCluster
{
    IMessageLink Link { get; }

    /// <summary>The silos that the client may send to now.</summary>
    SiloAddress[] Gateways { get; }

    SiloAddress NewClientAddress();

    void Listen(IMembershipListener listener);

    void Unlisten(IMembershipListener listener);

    /// <summary>Fails with <see cref="SiloUnavailableException"/> when no gateway can be reached.</summary>
    Task Connect(ClientNode client, CancellationToken cancellationToken);

    Task Disconnect(ClientNode client);
}
