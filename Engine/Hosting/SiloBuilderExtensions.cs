using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.Storage;

namespace Orleans.Hosting;

/// <summary>Services and options of a silo.</summary>
public static class SiloBuilderExtensions
{
    public static ISiloBuilder ConfigureServices(this ISiloBuilder builder, Action<IServiceCollection> configureDelegate)
    {
        configureDelegate(builder.Services);
        return builder;
    }

    public static ISiloBuilder Configure<TOptions>(this ISiloBuilder builder, Action<TOptions> configureOptions) where TOptions : class
    {
        builder.Services.Configure(configureOptions);
        return builder;
    }

    public static ISiloBuilder Configure<TOptions>(this ISiloBuilder builder, IConfiguration configuration) where TOptions : class
    {
        builder.Services.AddOptions<TOptions>().Bind(configuration);
        return builder;
    }

    public static ISiloBuilder ConfigureLogging(this ISiloBuilder builder, Action<ILoggingBuilder> configureLogging)
    {
        builder.Services.AddLogging(configureLogging);
        return builder;
    }
}

/// <summary>How a silo finds its cluster.</summary>
public static class CoreHostingExtensions
{
    /// <summary>The embedded engine makes no activities of its own: nothing is to be configured.</summary>
    public static ISiloBuilder AddActivityPropagation(this ISiloBuilder builder) => builder;

    public static ISiloBuilder UseLocalhostClustering(
        this ISiloBuilder builder, int siloPort = EndpointOptions.DEFAULT_SILO_PORT, int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
        IPEndPoint? primarySiloEndpoint = null, string serviceId = "dev", string clusterId = "dev")
    {
        builder.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = IPAddress.Loopback;
            o.SiloPort = siloPort;
            o.GatewayPort = gatewayPort;
        });
        builder.UseDevelopmentClustering(o => o.PrimarySiloEndpoint = primarySiloEndpoint ?? new IPEndPoint(IPAddress.Loopback, siloPort));
        return builder.Configure<ClusterOptions>(o =>
        {
            o.ServiceId = serviceId;
            o.ClusterId = clusterId;
        });
    }

    public static ISiloBuilder UseDevelopmentClustering(this ISiloBuilder builder, IPEndPoint? primarySiloEndpoint) =>
        builder.UseDevelopmentClustering(o => o.PrimarySiloEndpoint = primarySiloEndpoint);

    public static ISiloBuilder UseDevelopmentClustering(this ISiloBuilder builder, Action<DevelopmentClusterMembershipOptions> configureOptions) =>
        builder.Configure(configureOptions);
}

/// <summary>Where a silo listens.</summary>
public static class EndpointOptionsExtensions
{
    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder, IPAddress advertisedIP, int siloPort, int gatewayPort, bool listenOnAnyHostAddress = false) =>
        builder.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = advertisedIP;
            o.SiloPort = siloPort;
            o.GatewayPort = gatewayPort;
            if (listenOnAnyHostAddress)
            {
                o.SiloListeningEndpoint = new IPEndPoint(IPAddress.Any, siloPort);
                o.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Any, gatewayPort);
            }
        });

    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder, string? hostname, int siloPort, int gatewayPort, AddressFamily addressFamily = AddressFamily.InterNetwork,
        bool listenOnAnyHostAddress = false)
    {
        var addresses = Dns.GetHostAddresses(hostname ?? Dns.GetHostName(), addressFamily);
        var chosen = addresses.FirstOrDefault(a => !IPAddress.IsLoopback(a)) ?? addresses.FirstOrDefault()
            ?? throw new OrleansConfigurationException($"The host name {hostname} has no address of family {addressFamily}.");
        return builder.ConfigureEndpoints(chosen, siloPort, gatewayPort, listenOnAnyHostAddress);
    }

    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder, int siloPort, int gatewayPort, AddressFamily addressFamily = AddressFamily.InterNetwork, bool listenOnAnyHostAddress = false) =>
        builder.ConfigureEndpoints((string?)null, siloPort, gatewayPort, addressFamily, listenOnAnyHostAddress);
}

/// <summary>What runs when a silo is up.</summary>
public static class SiloBuilderStartupExtensions
{
    public static ISiloBuilder AddStartupTask<TStartup>(this ISiloBuilder builder, int stage = ServiceLifecycleStage.Active) where TStartup : class, IStartupTask =>
        builder.AddStartupTask((services, token) => ActivatorUtilities.GetServiceOrCreateInstance<TStartup>(services).Execute(token), stage);

    public static ISiloBuilder AddStartupTask(this ISiloBuilder builder, IStartupTask startupTask, int stage = ServiceLifecycleStage.Active) =>
        builder.AddStartupTask((_, token) => startupTask.Execute(token), stage);

    public static ISiloBuilder AddStartupTask(
        this ISiloBuilder builder, Func<IServiceProvider, CancellationToken, Task> startupTask, int stage = ServiceLifecycleStage.Active)
    {
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => new StartupTask(services, startupTask, stage));
        return builder;
    }

    sealed class StartupTask(IServiceProvider services, Func<IServiceProvider, CancellationToken, Task> task, int stage) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<StartupTask>(stage, token => task(services, token));
    }
}

/// <summary>Storage in memory.</summary>
public static class MemoryGrainStorageSiloBuilderExtensions
{
    public static ISiloBuilder AddMemoryGrainStorage(this ISiloBuilder builder, string name, Action<MemoryGrainStorageOptions> configureOptions) =>
        builder.AddMemoryGrainStorage(name, options => options.Configure(configureOptions));

    public static ISiloBuilder AddMemoryGrainStorageAsDefault(this ISiloBuilder builder, Action<MemoryGrainStorageOptions> configureOptions) =>
        builder.AddMemoryGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    public static ISiloBuilder AddMemoryGrainStorage(this ISiloBuilder builder, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null)
    {
        configureOptions?.Invoke(builder.Services.AddOptions<MemoryGrainStorageOptions>(name));
        builder.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _) => new MemoryGrainStorage(name, services.GetRequiredService<LocalCluster>()));
        return builder;
    }

    public static ISiloBuilder AddMemoryGrainStorageAsDefault(this ISiloBuilder builder, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null) =>
        builder.AddMemoryGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);
}

/// <summary>Reminders in memory.</summary>
public static class SiloBuilderReminderMemoryExtensions
{
    public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder)
    {
        builder.Services.TryAddSingleton<IReminderTable, MemoryReminderTable>();
        return builder;
    }
}

/// <summary>Own ways of placing grains.</summary>
public static class PlacementStrategyExtensions
{
    public static ISiloBuilder AddPlacementDirector<TStrategy>(this ISiloBuilder builder, Func<IServiceProvider, IPlacementDirector> createDirector)
        where TStrategy : PlacementStrategy, new()
    {
        builder.Services.AddKeyedSingleton(typeof(TStrategy), (services, _) => createDirector(services));
        return builder;
    }

    public static ISiloBuilder AddPlacementDirector<TStrategy, TDirector>(this ISiloBuilder builder)
        where TStrategy : PlacementStrategy, new()
        where TDirector : class, IPlacementDirector
    {
        builder.Services.AddKeyedSingleton<IPlacementDirector, TDirector>(typeof(TStrategy));
        return builder;
    }
}
