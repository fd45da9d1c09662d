using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Tributary.Gateway.Vod;

/// <summary>The VOD packager in a host.</summary>
static class VodHosting
{
    public static IServiceCollection AddVod(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<VodOptions>().Bind(configuration.GetSection("Vod"))
            .Validate(VodOptions.IsValid, "Vod: limits must be positive, UpstreamRetries 0 to 5, times not negative.")
            .ValidateOnStart();
        services.AddSingleton<VodLocations>();
        services.AddHostedService(provider => provider.GetRequiredService<VodLocations>());
        services.AddSingleton<VodMetrics>();
        services.AddSingleton<VodCaches>();
        services.AddSingleton<OpenFiles>();
        services.AddSingleton<UpstreamClient>();
        services.AddSingleton<VodEntries>();
        services.AddSingleton<EntryKeyFrames>();
        services.AddSingleton<VodSources>();
        services.AddSingleton<MediaSetResolver>();
        services.AddSingleton<MappingSeal>();
        services.AddSingleton<EntryTickets>();
        services.AddSingleton<DynamicClips>();
        services.AddSingleton<VodNotifications>();
        services.AddHostedService(provider => provider.GetRequiredService<VodNotifications>());
        services.AddSingleton<DrmInfo>();
        services.AddSingleton<VodAnswers>();
        services.AddSingleton<VodFallback>();
        services.AddSingleton<VodStatusPage>();
        services.AddSingleton<VodEndpoint>();
        return services;
    }

    /// <summary>Puts the packager before everything else: locations are configured, so that no route can know them.</summary>
    public static void UseVod(this IApplicationBuilder app)
    {
        var services = app.ApplicationServices;
        var (caches, sources) = (services.GetRequiredService<VodCaches>(), services.GetRequiredService<VodSources>());
        services.GetRequiredService<VodMetrics>().Caches = () => [.. caches.Counts, .. sources.Counts];
        var endpoint = services.GetRequiredService<VodEndpoint>();
        app.Use(next => context => endpoint.Handle(context, next));
    }
}
