using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.LiveEntries;
using Tributary.Grains.Platform.Outside;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Sessions;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform;

/// <summary>The platform in a host: its store, its services, and <see cref="PlatformApi"/> for whoever calls them.</summary>
public static class PlatformHosting
{
    /// <param name="database">PostgreSQL of a cluster; empty: the objects are files below <paramref name="data"/>.</param>
    /// <param name="host">Name or address under which this node is reached, for addresses that encoders are given.</param>
    public static IServiceCollection AddPlatform(this IServiceCollection services, IConfiguration configuration, string database, string data, string host)
    {
        services.AddOptions<PlatformOptions>().Bind(configuration.GetSection("Platform"))
            .Validate(PlatformOptions.IsValid, "Platform: limits and lifetimes must be positive, and Partners have numbers for names.")
            .PostConfigure(options => options.BroadcastHost = options.BroadcastHost.Length > 0 ? options.BroadcastHost : host)
            .PostConfigure(options => options.RtmpPort = options.RtmpPort > 0 ? options.RtmpPort : configuration.GetValue("Ingest:Rtmp:Port", 1_935))
            .ValidateOnStart();
        services.AddSingleton<IObjectStore>(_ => database.Length > 0 ? new PostgresObjectStore(database) : new FileObjectStore(Path.Combine(data, "platform")));
        services.AddSingleton(provider => new ContentStore(ContentFolder(provider, data), Options(provider)));
        services.AddSingleton<Objects>();
        services.AddSingleton<Partners>();
        services.AddSingleton<RevocationCache>();
        services.AddSingleton<EntryView>();
        services.AddSingleton<EntryStore>();
        services.AddSingleton<EntryContent>();
        services.AddSingleton<Assets>();
        services.AddSingleton<Playback.AccessRules>();
        services.AddSingleton<StatsMinutes>();
        services.AddHostedService(provider => provider.GetRequiredService<StatsMinutes>());
        services.AddSingleton<RecordedEntries>();
        services.AddSingleton<Entries.Recordings>();
        services.AddSingleton<ConversionProfiles>();
        services.AddSingleton<MediaServerNodes>();
        services.AddSingleton<OutsideHttp>();
        services.AddSingleton<OtherServers>();
        services.AddSingleton<ContentResources>();
        services.AddHostedService(provider => provider.GetRequiredService<ContentResources>());
        services.AddSingleton<UploadTokens>();
        services.AddSingleton<AccountServices>();
        AddServices(services);
        services.AddSingleton<ServiceTable>();
        services.AddSingleton<PlatformApi>();
        services.AddSingleton(provider => new Lazy<PlatformApi>(provider.GetRequiredService<PlatformApi>));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<PlatformSetup>(provider, new PlatformSetup.Place(database.Length > 0 ? "" : Path.Combine(data, "platform"))));
        services.AddHostedService(provider => provider.GetRequiredService<PlatformSetup>());
        services.AddHostedService<ExpirySweep>();
        return services;
    }

    static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<IServiceModule>(provider => provider.GetRequiredService<AccountServices>());
        services.AddSingleton<IServiceModule>(provider => provider.GetRequiredService<UploadTokens>());
        services.AddSingleton<ResponseProfiles>();
        foreach (var module in typeof(PlatformHosting).Assembly.GetTypes()
            .Where(type => type.IsAssignableTo(typeof(IServiceModule)) && type.IsClass && type != typeof(AccountServices) && type != typeof(UploadTokens)))
        {
            services.AddSingleton(typeof(IServiceModule), module);
        }
    }

    static Microsoft.Extensions.Options.IOptions<PlatformOptions> Options(IServiceProvider provider) =>
        provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<PlatformOptions>>();

    static string ContentFolder(IServiceProvider provider, string data) =>
        Options(provider).Value.ContentFolder is { Length: > 0 } configured ? Path.GetFullPath(configured) : Path.Combine(data, "platform", "content");
}
