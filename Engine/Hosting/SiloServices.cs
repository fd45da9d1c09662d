using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Core;
using Orleans.Hosting;
using Orleans.Timers;

namespace Orleans.Runtime;

/// <summary>The services of a silo and of a client.</summary>
static class SiloServices
{
    public static void AddSilo(IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(Silo)))
        {
            return;
        }

        if (services.Any(s => s.ServiceType == typeof(ClientNode)))
        {
            throw new OrleansConfigurationException("A host is a silo or a client, not both: a silo's host has a client of its own.");
        }

        AddCommon(services);
        services.TryAddSingleton(LocalClusterOfSilo);
        services.TryAddSingleton<ISiloCluster>(sp => sp.GetRequiredService<LocalCluster>());
        services.AddSingleton<Silo>();
        services.AddSingleton<SiloLifecycle>();
        services.AddSingleton<ISiloLifecycle>(sp => sp.GetRequiredService<SiloLifecycle>());
        services.AddSingleton<IHostedService, SiloHost>();
        services.AddSingleton<ILocalSiloDetails>(sp => sp.GetRequiredService<Silo>());
        services.AddSingleton<ISiloStatusOracle>(sp => sp.GetRequiredService<Silo>().Oracle);
        services.AddSingleton<IClusterMembershipService>(sp => sp.GetRequiredService<Silo>().Oracle);
        services.AddSingleton<IClusterClient>(sp => sp.GetRequiredService<Silo>().Factory);
        services.AddSingleton<IGrainFactory>(sp => sp.GetRequiredService<IClusterClient>());
        services.AddSingleton<IGrainContextAccessor, GrainContextAccessor>();
        services.AddSingleton<ITimerRegistry, TimerRegistry>();
        services.AddSingleton<IGrainRuntime, GrainRuntime>();
        services.AddSingleton<ReminderService>();
        services.AddSingleton<IReminderRegistry>(sp => sp.GetRequiredService<ReminderService>());
    }

    public static void AddClient(IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(ClientNode)))
        {
            return;
        }

        if (services.Any(s => s.ServiceType == typeof(Silo)))
        {
            throw new OrleansConfigurationException("A host is a silo or a client, not both: a silo's host has a client of its own.");
        }

        AddCommon(services);
        services.TryAddSingleton(LocalClusterOfClient);
        services.TryAddSingleton<IClientCluster>(sp => sp.GetRequiredService<LocalCluster>());
        services.AddSingleton<ClientNode>();
        services.AddSingleton<ClientLifecycle>();
        services.AddSingleton<IClusterClientLifecycle>(sp => sp.GetRequiredService<ClientLifecycle>());
        services.AddSingleton<IHostedService, ClientHost>();
        services.AddSingleton<IClusterClient>(sp => sp.GetRequiredService<ClientHost.Access>().Client);
        services.AddSingleton<ClientHost.Access>();
        services.AddSingleton<IGrainFactory>(sp => sp.GetRequiredService<IClusterClient>());
    }

    static void AddCommon(IServiceCollection services)
    {
        services.AddLogging();
        services.AddOptions();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(typeof(IOptionsMonitor<>), typeof(OptionsMonitor<>));
    }

    // Silos of one process that name the same cluster and the same primary are one cluster.
    static LocalCluster LocalClusterOfSilo(IServiceProvider services)
    {
        var cluster = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        var primary = services.GetRequiredService<IOptions<DevelopmentClusterMembershipOptions>>().Value.PrimarySiloEndpoint?.Port ?? endpoints.SiloPort;
        return LocalCluster.Named($"{cluster.ClusterId}/{cluster.ServiceId}@{primary}");
    }

    static LocalCluster LocalClusterOfClient(IServiceProvider services)
    {
        var gateways = services.GetRequiredService<IOptions<StaticGatewayListProviderOptions>>().Value.Gateways;
        return gateways.Select(g => LocalCluster.WithGateway(GatewayUri.EndpointOf(g))).FirstOrDefault(c => c is not null)
            ?? throw new SiloUnavailableException($"Could not find any gateway at {string.Join(", ", gateways)}. The client will not be able to start.");
    }
}

/// <summary>The grain whose turn runs.</summary>
sealed class GrainContextAccessor : IGrainContextAccessor
{
    public IGrainContext GrainContext => RuntimeContext.Current!;
}

/// <summary>What grains ask their silo for.</summary>
sealed class GrainRuntime(Silo silo, ITimerRegistry timers) : IGrainRuntime
{
    public string SiloIdentity => silo.Address.ToString();

    public SiloAddress SiloAddress => silo.Address;

    public IGrainFactory GrainFactory => silo.Factory;

    public ITimerRegistry TimerRegistry => timers;

    public IServiceProvider ServiceProvider => silo.Services;

    public TimeProvider TimeProvider => silo.Time;

    public void DeactivateOnIdle(IGrainContext grainContext) =>
        grainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));

    public void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) => ((Activation)grainContext).DelayDeactivation(timeSpan);

    public IStorage<TGrainState> GetStorage<TGrainState>(IGrainContext grainContext) => PersistentStates.OfGrain<TGrainState>(grainContext);
}
