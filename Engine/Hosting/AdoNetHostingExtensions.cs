using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Hosting;

/// <summary>Clusters of processes whose membership is in PostgreSQL.</summary>
public static class AdoNetHostingExtensions
{
    public static ISiloBuilder UseAdoNetClustering(this ISiloBuilder builder, Action<AdoNetClusteringSiloOptions> configureOptions) =>
        builder.UseAdoNetClustering(options => options.Configure(configureOptions));

    public static ISiloBuilder UseAdoNetClustering(this ISiloBuilder builder, Action<OptionsBuilder<AdoNetClusteringSiloOptions>> configureOptions)
    {
        configureOptions(builder.Services.AddOptions<AdoNetClusteringSiloOptions>());
        builder.Services.AddKeyedSingleton(nameof(AdoNetClusteringSiloOptions), (services, key) =>
        {
            var clustering = services.GetRequiredService<IOptions<AdoNetClusteringSiloOptions>>().Value;
            return OrleansDatabase.Of((string)key!, clustering.ConnectionString, clustering.DataSource, clustering.Invariant);
        });
        builder.Services.AddSingleton<IMembershipTable>(services => new MembershipTable(services.GetRequiredKeyedService<OrleansDatabase>(nameof(AdoNetClusteringSiloOptions)), ClusterOf(services)));
        builder.Services.AddSingleton<IActivationRows>(services => new ActivationRows(services.GetRequiredKeyedService<OrleansDatabase>(nameof(AdoNetClusteringSiloOptions)), ClusterOf(services)));
        builder.Services.AddSingleton<ISiloCluster, ProcessCluster>();
        return builder;
    }

    public static IClientBuilder UseAdoNetClustering(this IClientBuilder builder, Action<AdoNetClusteringClientOptions> configureOptions) =>
        builder.UseAdoNetClustering(options => options.Configure(configureOptions));

    public static IClientBuilder UseAdoNetClustering(this IClientBuilder builder, Action<OptionsBuilder<AdoNetClusteringClientOptions>> configureOptions)
    {
        configureOptions(builder.Services.AddOptions<AdoNetClusteringClientOptions>());
        builder.Services.AddSingleton<IMembershipTable>(services =>
        {
            var clustering = services.GetRequiredService<IOptions<AdoNetClusteringClientOptions>>().Value;
            return new MembershipTable(
                OrleansDatabase.Of(nameof(AdoNetClusteringClientOptions), clustering.ConnectionString, clustering.DataSource, clustering.Invariant), ClusterOf(services));
        });
        builder.Services.AddSingleton<IClientCluster, ProcessClient>();
        return builder;
    }

    static string ClusterOf(IServiceProvider services) => services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId;
}

/// <summary>Grain storage in PostgreSQL.</summary>
public static class AdoNetGrainStorageSiloBuilderExtensions
{
    public static ISiloBuilder AddAdoNetGrainStorage(this ISiloBuilder builder, string name, Action<AdoNetGrainStorageOptions> configureOptions) =>
        builder.AddAdoNetGrainStorage(name, options => options.Configure(configureOptions));

    public static ISiloBuilder AddAdoNetGrainStorage(this ISiloBuilder builder, string name, Action<OptionsBuilder<AdoNetGrainStorageOptions>>? configureOptions = null)
    {
        configureOptions?.Invoke(builder.Services.AddOptions<AdoNetGrainStorageOptions>(name));
        builder.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _) => new AdoNetGrainStorage(
            name, services.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get(name),
            services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId, services.GetRequiredService<Silo>()));
        return builder;
    }

    public static ISiloBuilder AddAdoNetGrainStorageAsDefault(this ISiloBuilder builder, Action<AdoNetGrainStorageOptions> configureOptions) =>
        builder.AddAdoNetGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    public static ISiloBuilder AddAdoNetGrainStorageAsDefault(this ISiloBuilder builder, Action<OptionsBuilder<AdoNetGrainStorageOptions>>? configureOptions = null) =>
        builder.AddAdoNetGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);
}

/// <summary>Reminders in PostgreSQL.</summary>
public static class SiloBuilderReminderExtensions
{
    public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<AdoNetReminderTableOptions> configureOptions) =>
        builder.UseAdoNetReminderService(options => options.Configure(configureOptions));

    public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<OptionsBuilder<AdoNetReminderTableOptions>> configureOptions)
    {
        configureOptions(builder.Services.AddOptions<AdoNetReminderTableOptions>());
        builder.Services.AddSingleton<IReminderTable, AdoNetReminderTable>();
        return builder;
    }
}
