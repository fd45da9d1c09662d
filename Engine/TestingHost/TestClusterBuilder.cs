using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Orleans.TestingHost;

/// <summary>Configures a cluster of several silos and a client within the process of a test.</summary>
public class TestClusterBuilder
{
    readonly List<Action> _configure = [];
    readonly List<Action<IConfigurationBuilder>> _hostConfiguration = [];

    public TestClusterBuilder() : this(2) { }

    public TestClusterBuilder(short initialSilosCount)
    {
        Options = new TestClusterOptions
        {
            InitialSilosCount = initialSilosCount,
            ClusterId = CreateClusterId(),
            ServiceId = Guid.NewGuid().ToString("N")
        };
    }

    public TestClusterOptions Options { get; }

    /// <summary>Settings that every silo and the client see in their configuration.</summary>
    public Dictionary<string, string?> Properties { get; } = [];

    public ITestClusterPortAllocator PortAllocator { get; set; } = new TestClusterPortAllocator();

    public Func<string, IConfiguration, Task<SiloHandle>> CreateSiloAsync { private get; set; } = null!;

    public static string CreateClusterId() => $"testcluster-{Guid.NewGuid():N}";

    public TestClusterBuilder ConfigureBuilder(Action configureDelegate)
    {
        _configure.Add(configureDelegate);
        return this;
    }

    public TestClusterBuilder ConfigureHostConfiguration(Action<IConfigurationBuilder> configureDelegate)
    {
        _hostConfiguration.Add(configureDelegate);
        return this;
    }

    public TestClusterBuilder AddSiloBuilderConfigurator<T>() where T : new()
    {
        if (!typeof(ISiloConfigurator).IsAssignableFrom(typeof(T)) && !typeof(IHostConfigurator).IsAssignableFrom(typeof(T)))
        {
            throw new ArgumentException($"The type {typeof(T)} is neither {nameof(ISiloConfigurator)} nor {nameof(IHostConfigurator)}.");
        }

        Options.SiloBuilderConfiguratorTypes.Add(typeof(T).AssemblyQualifiedName);
        return this;
    }

    public TestClusterBuilder AddClientBuilderConfigurator<T>() where T : new()
    {
        if (!typeof(IClientBuilderConfigurator).IsAssignableFrom(typeof(T)) && !typeof(IHostConfigurator).IsAssignableFrom(typeof(T)))
        {
            throw new ArgumentException($"The type {typeof(T)} is neither {nameof(IClientBuilderConfigurator)} nor {nameof(IHostConfigurator)}.");
        }

        Options.ClientBuilderConfiguratorTypes.Add(typeof(T).AssemblyQualifiedName);
        return this;
    }

    public TestCluster Build()
    {
        _configure.ForEach(configure => configure());
        if (Options.BaseSiloPort == 0 || Options.BaseGatewayPort == 0)
        {
            (Options.BaseSiloPort, Options.BaseGatewayPort) = PortAllocator.AllocateConsecutivePortPairs(Math.Max((int)Options.InitialSilosCount, 10));
        }

        var configuration = new ConfigurationBuilder();
        _hostConfiguration.ForEach(configure => configure(configuration));
        configuration.Add(new MemoryConfigurationSource { InitialData = Properties });
        configuration.Add(new MemoryConfigurationSource { InitialData = Options.ToDictionary() });
        var cluster = new TestCluster(Options, [.. configuration.Sources], PortAllocator);
        if (CreateSiloAsync is not null)
        {
            cluster.CreateSiloAsync = CreateSiloAsync;
        }

        return cluster;
    }
}
