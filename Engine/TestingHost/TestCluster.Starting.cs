using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace Orleans.TestingHost;

// Silos and the client are started.
public partial class TestCluster
{
    public static Task<SiloHandle> StartSiloAsync(
        TestCluster cluster, int instanceNumber, TestClusterOptions clusterOptions, IReadOnlyList<IConfigurationSource>? configurationOverrides = null,
        bool startSiloOnNewPort = false) => cluster.StartSiloAsync(instanceNumber, clusterOptions, configurationOverrides, startSiloOnNewPort);

    public void Deploy() => DeployAsync().GetAwaiter().GetResult();

    public async Task DeployAsync()
    {
        Primary = await StartNext();
        for (var i = 1; i < Options.InitialSilosCount; i++)
        {
            await StartNext();
        }

        if (Options.InitializeClientOnDeploy)
        {
            await InitializeClientAsync();
        }
    }

    public async Task InitializeClientAsync()
    {
        _client = TestClusterHosts.BuildClient(Configuration([]));
        await _client.StartAsync();
    }

    public SiloHandle StartAdditionalSilo(bool startAdditionalSiloOnNewPort = false) => StartAdditionalSiloAsync(startAdditionalSiloOnNewPort).GetAwaiter().GetResult();

    public Task<SiloHandle> StartAdditionalSiloAsync(bool startAdditionalSiloOnNewPort = false) => StartNext();

    public async Task<List<SiloHandle>> StartAdditionalSilosAsync(int silosToStart, bool startAdditionalSiloOnNewPort = false)
    {
        var started = new List<SiloHandle>();
        for (var i = 0; i < silosToStart; i++)
        {
            started.Add(await StartNext());
        }

        return started;
    }

    public async Task<SiloHandle> StartSiloAsync(
        int instanceNumber, TestClusterOptions clusterOptions, IReadOnlyList<IConfigurationSource>? configurationOverrides = null, bool startSiloOnNewPort = false)
    {
        var name = NameOf(instanceNumber);
        var gateway = clusterOptions.GatewayPerSilo || instanceNumber == 0 ? clusterOptions.BaseGatewayPort + instanceNumber : 0;
        var configuration = Configuration(
            [.. configurationOverrides ?? [], new MemoryConfigurationSource
            {
                InitialData = new Dictionary<string, string?>
                {
                    [TestClusterHosts.SiloPort] = Text(clusterOptions.BaseSiloPort + instanceNumber),
                    [TestClusterHosts.GatewayPort] = Text(gateway),
                    [TestClusterHosts.PrimarySiloPort] = Text(clusterOptions.BaseSiloPort),
                    ["SiloName"] = name
                }
            }]);
        var handle = await CreateSiloAsync(name, configuration);
        handle.ClusterOptions = clusterOptions;
        handle.InstanceNumber = (short)instanceNumber;
        lock (_silos)
        {
            _silos.Add(handle);
            _started = Math.Max(_started, instanceNumber + 1);
        }

        return handle;
    }

    public async Task<SiloHandle> DefaultCreateSiloAsync(string siloName, IConfiguration configuration) => await InProcessSiloHandle.CreateAsync(siloName, configuration);

    Task<SiloHandle> StartNext() => StartSiloAsync(_started, Options);

    IConfiguration Configuration(IReadOnlyList<IConfigurationSource> overrides)
    {
        var builder = new ConfigurationBuilder();
        foreach (var source in ConfigurationSources.Concat(overrides))
        {
            builder.Add(source);
        }

        return builder.Build();
    }

    static string NameOf(int instanceNumber) => instanceNumber == 0 ? "Primary" : $"Secondary_{instanceNumber}";

    static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
