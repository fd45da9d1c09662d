using Orleans.TestingHost;

namespace Tributary.Cluster.Engine;

/// <summary>Two silos and a client, for tests that change nothing in the cluster.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public TestCluster Cluster { get; } = Build(2);

    public static TestCluster Build(short silos)
    {
        var builder = new TestClusterBuilder(silos);
        builder.AddSiloBuilderConfigurator<Silos>();
        return builder.Build();
    }

    public Task InitializeAsync() => Cluster.DeployAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();

    public sealed class Silos : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddMemoryGrainStorage("memory").UseInMemoryReminderService();
    }
}
