using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Orleans.TestingHost.Simulation;

namespace Tributary.Unit.Engine;

/// <summary>Silos and a client on a clock that stands still, for one test.</summary>
sealed class EngineCluster : IAsyncDisposable
{
    readonly InProcessTestCluster _cluster;

    EngineCluster(InProcessTestCluster cluster, SimulatedClock clock)
    {
        _cluster = cluster;
        Clock = clock;
    }

    public SimulatedClock Clock { get; }

    public InProcessTestCluster Silos => _cluster;

    public IClusterClient Client => _cluster.Client;

    public static async Task<EngineCluster> Start(short silos = 1, Action<ISiloBuilder>? configure = null, Action<IClientBuilder>? client = null)
    {
        var clock = new SimulatedClock();
        var builder = new InProcessTestClusterBuilder(silos)
            .UseClock(clock)
            .UseRandom(new Random(7))
            .ConfigureSilo((_, silo) =>
            {
                silo.AddMemoryGrainStorageAsDefault().AddMemoryGrainStorage("other").UseInMemoryReminderService();
                silo.Services.AddSingleton<Journal>();
                configure?.Invoke(silo);
            });
        if (client is not null)
        {
            builder.ConfigureClient(client);
        }

        var cluster = new EngineCluster(builder.Build(), clock);
        await cluster._cluster.DeployAsync();
        return cluster;
    }

    public T Grain<T>(string key = "a") where T : IGrainWithStringKey => Client.GetGrain<T>(key);

    public Journal Journal(int silo = 0) => _cluster.Silos[silo].ServiceProvider.GetRequiredService<Journal>();

    /// <summary>
    /// Waits until every turn is over (an answer is sent a moment before its turn ends) and every reminder is armed: then the clock may move.
    /// </summary>
    public async Task Settle()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (IsBusy())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    bool IsBusy() =>
        _cluster.Cluster.Silos.SelectMany(s => s.Catalog.All).Any(a => a.Load > 0 || a.State is ActivationState.Activating or ActivationState.Deactivating)
        || _cluster.Silos.Any(silo => silo.IsActive && !silo.ServiceProvider.GetRequiredService<ReminderService>().IsIdle);

    /// <summary>The silo that a grain lives on.</summary>
    public InProcessSiloHandle SiloOf(IAddressable grain) => _cluster.Silos.First(s => s.ServiceProvider.GetRequiredService<Silo>().Catalog.Find(grain.GetGrainId()) is not null);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}

/// <summary>What grains of one silo have done, and gates that tests open for them.</summary>
sealed class Journal
{
    readonly List<string> _entries = [];
    readonly Dictionary<string, TaskCompletionSource> _gates = [];
    readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];

    public string[] Entries
    {
        get
        {
            lock (_entries)
            {
                return [.. _entries];
            }
        }
    }

    public void Write(string entry)
    {
        lock (_entries)
        {
            _entries.Add(entry);
            foreach (var (count, reached) in _waiters)
            {
                if (_entries.Count >= count)
                {
                    reached.TrySetResult();
                }
            }
        }
    }

    public Task Reaches(int entries)
    {
        lock (_entries)
        {
            if (_entries.Count >= entries)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((entries, reached));
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    public Task Gate(string name) => Source(name).Task;

    public void Open(string name) => Source(name).TrySetResult();

    TaskCompletionSource Source(string name)
    {
        lock (_gates)
        {
            return _gates.TryGetValue(name, out var gate) ? gate : _gates[name] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
