using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Orleans.TestingHost;

/// <summary>The size and the names of an in-process test cluster.</summary>
public sealed class InProcessTestClusterOptions
{
    public string ClusterId { get; set; } = null!;

    public string ServiceId { get; set; } = null!;

    public bool InitializeClientOnDeploy { get; set; } = true;

    public short InitialSilosCount { get; set; }

    /// <summary>False: only the first silo serves clients.</summary>
    public bool GatewayPerSilo { get; set; } = true;

    public List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>> SiloHostConfigurationDelegates { get; } = [];

    public List<Action<IHostApplicationBuilder>> ClientHostConfigurationDelegates { get; } = [];
}

/// <summary>What distinguishes one silo of a test cluster.</summary>
public sealed class InProcessTestSiloSpecificOptions
{
    public int SiloPort { get; set; }

    public int GatewayPort { get; set; }

    public string SiloName { get; set; } = null!;

    public static InProcessTestSiloSpecificOptions Create(
        InProcessTestCluster testCluster, InProcessTestClusterOptions testClusterOptions, int instanceNumber, bool assignNewPort = false)
    {
        var (silo, gateway) = testCluster.PortAllocator.AllocateConsecutivePortPairs(1);
        return new InProcessTestSiloSpecificOptions
        {
            SiloName = $"Silo_{instanceNumber}",
            SiloPort = silo,
            GatewayPort = testClusterOptions.GatewayPerSilo || instanceNumber == 0 ? gateway : 0
        };
    }
}

/// <summary>Configures a test cluster by delegates.</summary>
public sealed class InProcessTestClusterBuilder
{
    public InProcessTestClusterBuilder() : this(1) { }

    public InProcessTestClusterBuilder(short initialSilosCount)
    {
        Options = new InProcessTestClusterOptions
        {
            InitialSilosCount = initialSilosCount,
            ClusterId = CreateClusterId(),
            ServiceId = Guid.NewGuid().ToString("N")
        };
    }

    public InProcessTestClusterOptions Options { get; }

    public ITestClusterPortAllocator PortAllocator { get; } = new TestClusterPortAllocator();

    public static string CreateClusterId() => $"testcluster-{Guid.NewGuid():N}";

    public InProcessTestClusterBuilder ConfigureHost(Action<IHostApplicationBuilder> configureDelegate)
    {
        ConfigureSiloHost((_, host) => configureDelegate(host));
        return ConfigureClientHost(configureDelegate);
    }

    public InProcessTestClusterBuilder ConfigureSilo(Action<InProcessTestSiloSpecificOptions, ISiloBuilder> configureSiloDelegate) =>
        ConfigureSiloHost((options, host) => host.UseOrleans(silo => configureSiloDelegate(options, silo)));

    public InProcessTestClusterBuilder ConfigureSiloHost(Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configureSiloHostDelegate)
    {
        Options.SiloHostConfigurationDelegates.Add(configureSiloHostDelegate);
        return this;
    }

    public InProcessTestClusterBuilder ConfigureClient(Action<IClientBuilder> configureClientDelegate) =>
        ConfigureClientHost(host => host.UseOrleansClient(configureClientDelegate));

    public InProcessTestClusterBuilder ConfigureClientHost(Action<IHostApplicationBuilder> configureHostDelegate)
    {
        Options.ClientHostConfigurationDelegates.Add(configureHostDelegate);
        return this;
    }

    public InProcessTestCluster Build() => new(Options, PortAllocator);
}
