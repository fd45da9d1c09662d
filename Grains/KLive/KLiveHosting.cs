using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Grains.Platform.Calls;

namespace Tributary.Grains.KLive;

public static class KLiveHosting
{
    /// <summary>
    /// Registers this node as a media server of its own cluster's platform, which the host has. <paramref name="ingests"/>: encoders come here;
    /// <paramref name="records"/>: recorders run here.
    /// </summary>
    public static IServiceCollection AddKLive(this IServiceCollection services, IConfiguration configuration, bool ingests, bool records)
    {
        services.AddOptions<KLiveOptions>().Bind(configuration.GetSection("KLive"))
            .Validate(KLiveOptions.IsValid, "KLive: periods and time-outs must be positive.")
            .ValidateOnStart();
        services.AddSingleton<KLiveMetrics>();
        services.AddSingleton<IPlatformClient>(provider => new OwnPlatform(provider.GetRequiredService<Lazy<PlatformApi>>()));
        if (ingests)
        {
            services.AddSingleton<MediaServerNode>();
            services.AddHostedService(provider => provider.GetRequiredService<MediaServerNode>());
            services.AddSingleton<EntryAlerts>();
            services.AddSingleton<EntryAdmission>();
            services.AddSingleton<EntryBroadcasts>();
            services.AddHostedService(provider => provider.GetRequiredService<EntryBroadcasts>());
        }

        if (records)
        {
            services.AddHostedService<RecordingHandover>();
        }

        return services;
    }
}
