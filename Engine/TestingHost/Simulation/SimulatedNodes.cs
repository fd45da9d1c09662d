using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

/// <summary>Silos and clients in a simulated world: the same classes as in a cluster of processes, over the world's clock, network and database.</summary>
public static class SimulatedNodes
{
    const int SiloPort = 11111;
    const int GatewayPort = 30000;

    /// <summary>Starts a silo in the process; <paramref name="active"/> is called when it takes part, the process ends when it cannot.</summary>
    public static IServiceProvider StartSilo(this SimulatedProcess process, int generation, string storage, Action<ISiloBuilder> configure, Action active)
    {
        var services = Common(process);
        services.AddOrleans(silo =>
        {
            silo.ConfigureEndpoints(IPAddress.Parse(process.Machine), SiloPort, GatewayPort);
            silo.Configure<SiloOptions>(options => options.SiloName = process.Name);
            configure(silo);
        });
        services.AddSingleton(SiloAddress.New(IPAddress.Parse(process.Machine), SiloPort, generation));
        services.AddSingleton(new OwnDeath(reason =>
        {
            process.World.Log($"{process.Name} ends itself: {reason}");
            process.Kill();
        }));
        services.AddSingleton(process.World.Database.Activations(process));
        services.AddSingleton<ISiloCluster, ProcessCluster>();
        services.AddKeyedSingleton(storage, (_, _) => process.World.Database.Storage(process));
        return Start(process, services, active);
    }

    /// <summary>Starts a client in the process; <paramref name="active"/> is called when it has found the cluster.</summary>
    public static IServiceProvider StartClient(this SimulatedProcess process, Action<IClientBuilder> configure, Action active)
    {
        var services = Common(process);
        services.AddOrleansClient(client =>
        {
            client.UseConnectionRetryFilter(async (_, cancellationToken) =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), process.Clock, cancellationToken);
                return true;
            });
            configure(client);
        });
        services.AddSingleton<IClientCluster, ProcessClient>();
        return Start(process, services, active);
    }

    /// <summary>Stops the node in good order, as its host would on SIGTERM; the process ends with it.</summary>
    public static void StopInOrder(this SimulatedProcess process, IServiceProvider services) => process.Post(async () =>
    {
        foreach (var hosted in EngineHosts(services).Reverse())
        {
            await hosted.StopAsync(CancellationToken.None);
        }

        process.Kill();
    });

    /// <summary>Activations that a silo holds.</summary>
    public static int ActivationsOf(IServiceProvider silo) => silo.GetRequiredService<Silo>().Catalog.Count;

    // Other hosted services begin on threads of their own, which a simulated process has not.
    static IEnumerable<IHostedService> EngineHosts(IServiceProvider services) => services.GetServices<IHostedService>().Where(h => h is SiloHost or ClientHost);

    static ServiceCollection Common(SimulatedProcess process)
    {
        var services = new ServiceCollection();
        services.AddSingleton(process.Clock);
        services.AddSingleton(process.Random);
        services.AddSingleton(process.Threads);
        services.AddSingleton(process.World.Network.Of(process));
        services.AddSingleton(process.World.Database.Members(process));
        services.AddSingleton<IMeterFactory>(process.World.Meters);
        if (process.World.Watch is { } watch)
        {
            services.AddSingleton<ILoggerProvider>(new WatchedLog(process, watch));
        }
        else
        {
            services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
            services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        }

        return services;
    }

    static ServiceProvider Start(SimulatedProcess process, ServiceCollection services, Action active)
    {
        var provider = services.BuildServiceProvider();
        process.Post(async () =>
        {
            try
            {
                foreach (var hosted in EngineHosts(provider))
                {
                    await hosted.StartAsync(CancellationToken.None);
                }

                active();
            }
            catch (Exception exception)
            {
                process.World.Log($"{process.Name} could not start: {exception.GetType().Name}");
                process.Kill();
            }
        });
        return provider;
    }

    /// <summary>The log lines of a process, for a seed that is looked at.</summary>
    sealed class WatchedLog(SimulatedProcess process, Action<string> watch) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose() { }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            watch($"{process.World.Now.TotalSeconds,9:0.0000}   {process.Name}: {formatter(state, exception)}{(exception is null ? "" : $" – {exception.GetType().Name}: {exception.Message}")}");
    }
}
