using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.TestingHost.Simulation;
using Tributary.Cluster.Engine;
using Xunit.Abstractions;

namespace Tributary.Cluster.Simulation;

/// <summary>Silos that leave in good order, one right after the other has come back, over networks that are slow in different ways: no call notices.</summary>
public sealed class LeavingTests(ITestOutputHelper output)
{
    const int Seeds = 100;

    [Fact]
    public void All_silos_are_restarted_one_after_the_other_and_no_call_fails()
    {
        var calls = 0;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var run = RollingRestart.Of(seed);
            Assert.True(run.Failures.Count == 0, $"seed {seed}, {run.Calls} calls: {string.Join('\n', run.Failures)}");
            calls += run.Calls;
        }

        output.WriteLine($"{Seeds} rolling restarts of three silos, {calls} calls, none failed");
    }
}

/// <summary>Three silos and a client that calls all the time; each silo is told to stop the moment the one before is active again.</summary>
sealed class RollingRestart
{
    const string Storage = "memory";
    static readonly TimeSpan AtMost = TimeSpan.FromSeconds(120);
    readonly SimulatedWorld _world;
    readonly int[] _generations = new int[3];
    readonly (SimulatedProcess Process, IServiceProvider Services)[] _silos = new (SimulatedProcess, IServiceProvider)[3];
    int _active;
    bool _over;

    RollingRestart(SimulatedWorld world) => _world = world;

    public List<string> Failures { get; } = [];

    public int Calls { get; private set; }

    public static RollingRestart Of(int seed, Action<string>? watch = null)
    {
        using var world = new SimulatedWorld(seed) { Watch = watch };
        world.Network.MostDelay = TimeSpan.FromMilliseconds(world.Random.Next(2, 400));
        var run = new RollingRestart(world);
        run.Play();
        return run;
    }

    void Play()
    {
        for (var i = 0; i < _silos.Length; i++)
        {
            Start(i, () => _active++);
        }

        RunUntil(() => _active == _silos.Length);
        StartClient();
        RunUntil(() => Calls > 100);
        Restart(0);
        RunUntil(() => _over);
        if (!_over)
        {
            Failures.Add($"the restart is not over after {_world.Now}");
        }

        Failures.AddRange(_world.Failures);
    }

    void RunUntil(Func<bool> condition)
    {
        while (!condition() && _world.Now < AtMost)
        {
            _world.Run(TimeSpan.FromMilliseconds(5));
        }
    }

    void Start(int number, Action active)
    {
        var process = _world.NewProcess($"silo{number}.{++_generations[number]}", $"10.0.1.{number + 1}");
        _silos[number] = (process, process.StartSilo(_generations[number], Storage, SimulatedCluster.Configure, active));
    }

    void Restart(int number)
    {
        var (process, services) = _silos[number];
        process.WhenEnded(() => _world.After(TimeSpan.FromMilliseconds(300), () => Start(number, () => Restarted(number))));
        process.StopInOrder(services);
    }

    void Restarted(int number)
    {
        if (number + 1 < _silos.Length)
        {
            Restart(number + 1);
        }
        else
        {
            _world.After(TimeSpan.FromSeconds(2), () => _over = true);
        }
    }

    void StartClient()
    {
        var process = _world.NewProcess("client", "10.0.3.1");
        IServiceProvider? services = null;
        services = process.StartClient(Configure, () =>
        {
            for (var i = 0; i < 12; i++)
            {
                var (counter, writes) = (services!.GetRequiredService<IGrainFactory>().GetGrain<ICounterGrain>($"counter-{i}"), i % 2 == 0);
                process.Post(() => Repeat(process, counter, writes));
            }
        });
    }

    // As in the tests with processes: what is slow here is the network, and no call is to fail for that.
    static void Configure(IClientBuilder client)
    {
        SimulatedCluster.Configure(client);
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(10));
    }

    async Task Repeat(SimulatedProcess process, ICounterGrain counter, bool writes)
    {
        var expected = 0;
        while (!_over)
        {
            try
            {
                var count = await (writes ? counter.Add(1) : counter.Get());
                Calls++;
                if (writes && count != ++expected)
                {
                    Failures.Add($"{_world.Now}: {counter} answered {count}, not {expected}");
                }
            }
            catch (Exception exception)
            {
                Failures.Add($"{_world.Now}: {exception.GetType().Name}: {exception.Message}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), process.Clock);
        }
    }
}
