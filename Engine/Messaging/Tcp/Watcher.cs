namespace Orleans.Runtime;

/// <summary>A silo that sends heartbeats over this connection.</summary>
sealed class Watcher(SiloAddress silo, IConnection connection)
{
    public SiloAddress Silo => silo;

    public IConnection Connection => connection;

    /// <summary>True when it asks nothing of this silo any more.</summary>
    public bool SaidLast { get; private set; }

    /// <summary>True when its last requests come over a connection for messages, which may not be open yet.</summary>
    public bool LastIsUnderWay { get; private set; }

    public void Said(bool lastIsUnderWay) => (LastIsUnderWay, SaidLast) = (lastIsUnderWay, true);
}
