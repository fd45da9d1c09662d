using System.Net;

namespace Orleans.Configuration;

/// <summary>Which cluster and which service a host belongs to.</summary>
public class ClusterOptions
{
    public const string DefaultClusterId = "default";
    public const string DefaultServiceId = "default";

    public string ClusterId { get; set; } = DefaultClusterId;

    public string ServiceId { get; set; } = DefaultServiceId;
}

/// <summary>The silo's own settings.</summary>
public class SiloOptions
{
    public string SiloName { get; set; } = null!;
}

/// <summary>Where a silo listens, and what it tells the others.</summary>
public class EndpointOptions
{
    public const int DEFAULT_SILO_PORT = 11111;
    public const int DEFAULT_GATEWAY_PORT = 30000;

    public IPAddress AdvertisedIPAddress
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Equals(IPAddress.Any) || value.Equals(IPAddress.IPv6Any) || value.Equals(IPAddress.None) || value.Equals(IPAddress.IPv6None))
            {
                throw new ArgumentException($"Invalid value specified for {nameof(AdvertisedIPAddress)}: {value}.");
            }

            field = value;
        }
    }
    = null!;

    public int SiloPort
    {
        get;
        set => field = value != 0 ? value : throw new ArgumentException($"Invalid value specified for {nameof(SiloPort)}: 0.");
    }
    = DEFAULT_SILO_PORT;

    /// <summary>0 for no gateway.</summary>
    public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;

    public IPEndPoint? SiloListeningEndpoint { get; set; }

    public IPEndPoint? GatewayListeningEndpoint { get; set; }
}

/// <summary>How silos of a cluster of processes watch each other. Within one process there is nothing to watch.</summary>
public class ClusterMembershipOptions
{
    public int NumMissedTableIAmAliveLimit { get; set; } = 3;

    /// <summary>False: nobody is declared dead for not answering.</summary>
    public bool LivenessEnabled { get; set; } = true;

    /// <summary>How often another silo is probed, and how long its answer may take; held between the minimum and the maximum.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    public TimeSpan MinProbeTimeout
    {
        get => field == default ? ProbeTimeout / 2 : field;
        set;
    }

    public TimeSpan MaxProbeTimeout
    {
        get => field == default ? ProbeTimeout * 4 : field;
        set;
    }

    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(60);

    public TimeSpan DeathVoteExpirationTimeout { get; set; } = TimeSpan.FromMinutes(2);

    public TimeSpan IAmAliveTablePublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    public TimeSpan MaxJoinAttemptTime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Silos tell each other when the table has changed, besides reading it every <see cref="TableRefreshTimeout"/>.</summary>
    public bool UseLivenessGossip { get; set; } = true;

    public int NumProbedSilos { get; set; } = 10;

    public int NumMissedProbesLimit { get; set; } = 3;

    public int NumVotesForDeathDeclaration { get; set; } = 2;

    public TimeSpan DefunctSiloExpiration { get; set; } = TimeSpan.FromDays(7);

    public TimeSpan? DefunctSiloCleanupPeriod { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>What silos and clients share about messages.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits for an answer.</summary>
    public TimeSpan ResponseTimeout
    {
        get => System.Diagnostics.Debugger.IsAttached ? ResponseTimeoutWithDebugger : field;
        set;
    }
    = TimeSpan.FromSeconds(30);

    public TimeSpan ResponseTimeoutWithDebugger { get; set; } = TimeSpan.FromMinutes(30);

    public int MaxMessageBodySize { get; set; } = 100 * 1024 * 1024;
}

/// <summary>Messages of a silo.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    public int MaxForwardCount { get; set; } = 2;

    /// <summary>The most calls that may wait for one activation, 0 for no limit; a call beyond that fails with <see cref="Runtime.LimitExceededException"/>.</summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }

    public int MaxEnqueuedRequestsHardLimit_StatelessWorker { get; set; }
}

/// <summary>Messages of a client.</summary>
public class ClientMessagingOptions : MessagingOptions;

/// <summary>When idle activations are collected.</summary>
public class GrainCollectionOptions
{
    /// <summary>How often it is looked.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

    /// <summary>How long OnActivateAsync may take.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the calls that run, and then OnDeactivateAsync, may take when an activation ends.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>How a client finds gateways.</summary>
public class GatewayOptions
{
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>Connections between processes.</summary>
public class ConnectionOptions
{
    public TimeSpan ConnectionRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    public TimeSpan OpenConnectionTimeout { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>The silo that a development cluster is known by.</summary>
public class DevelopmentClusterMembershipOptions
{
    public IPEndPoint? PrimarySiloEndpoint { get; set; }
}

/// <summary>The gateways that a client may try.</summary>
public class StaticGatewayListProviderOptions
{
    public List<Uri> Gateways { get; set; } = [];
}

/// <summary>Storage in memory: of what Orleans lets one choose, nothing applies here.</summary>
public class MemoryGrainStorageOptions;
