using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tributary.Gateway.Access;
using Tributary.Gateway.Api;
using Tributary.Gateway.ApiV3;
using Tributary.Gateway.Health;
using Tributary.Gateway.Live;
using Tributary.Gateway.Metrics;
using Tributary.Gateway.Pages;
using Tributary.Gateway.Recorded;
using Tributary.Gateway.Streaming;
using Tributary.Gateway.Vod;
using Tributary.Grains.Access;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway;

/// <summary>The gateway in a host: what players, people and monitoring ask over HTTP.</summary>
public static class GatewayHosting
{
    /// <summary>
    /// Registers the gateway. The host has a grain factory, the "frames" provider, a <see cref="Grains.ServerNodes.NodeIdentity"/> and a
    /// <see cref="TimeProvider"/>; it adds a <see cref="ReadinessCheck"/> for what it runs besides.
    /// </summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<EdgeOptions>().Bind(configuration.GetSection("Gateway"))
            .Validate(EdgeOptions.IsValid, "Gateway: StateAge must not be negative; AnswerTimeout, MaxStates and MaxQuestions must be positive.")
            .ValidateOnStart();
        services.AddOptions<HlsOptions>().Bind(configuration.GetSection("Gateway:Hls"))
            .Validate(HlsOptions.IsValid, "Gateway:Hls: Window:MaxSegments must be at least 6, Window:MaxTracks 1 to 64, other limits positive; Tracks names tracks (v1, a11), languages and texts without quotes.")
            .ValidateOnStart();
        services.AddOptions<ApiOptions>().Bind(configuration.GetSection("Api"))
            .Validate(ApiOptions.IsValid, "Api:Token has at least 16 characters, or none.")
            .ValidateOnStart();
        services.AddAccess(configuration);
        services.AddSingleton<PlayTickets>();
        services.AddSingleton<PlaySessions>();
        services.AddHostedService(provider => provider.GetRequiredService<PlaySessions>());
        services.AddSingleton<PlayGate>();
        services.AddSingleton<ViewerAddress>();
        services.AddSingleton<PlayGuard>();
        services.AddSingleton<AdminAccess>();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<MeterCollector>();
        services.AddSingleton<StreamDirectory>();
        services.AddSingleton<LiveWindows>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveWindows>());
        services.AddSingleton<WaitLimit>();
        services.AddSingleton<PlaylistAnswers>();
        services.AddSingleton<MediaAnswers>();
        services.TryAddSingleton<NodeDrain>();
        services.TryAddSingleton<NodeDirectory>();
        services.AddSingleton<ViewerHandover>();
        services.AddSingleton<IDrainedWork>(provider => provider.GetRequiredService<ViewerHandover>());
        services.AddSingleton(provider => ReadinessCheck.TakesWork(provider.GetRequiredService<NodeDrain>()));
        services.AddSingleton<HlsEndpoint>();
        services.AddSingleton<DashEndpoint>();
        services.AddSingleton<SmoothEndpoint>();
        services.AddStreaming(configuration);
        services.AddVod(configuration);
        services.AddRecorded(configuration);
        services.AddSingleton<PageEndpoints>();
        services.AddSingleton<ApiEndpoints>();
        services.AddSingleton<StreamCommands>();
        services.AddSingleton<AccessEndpoints>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton(provider => ReadinessCheck.Grains(provider.GetRequiredService<StreamDirectory>()));
        return services;
    }

    /// <summary>Where the host has the role of a gateway: what its first viewers would wait for is tried before they come.</summary>
    public static IServiceCollection AddWarmUp(this IServiceCollection services) => services.AddHostedService<VodWarmUp>();

    /// <summary>What media servers of a platform tell their operators, where the host is one.</summary>
    public static IServiceCollection AddDiagnostics(this IServiceCollection services) => services.AddSingleton<DiagnosticsEndpoint>();

    /// <summary>The platform's API, where the host has the platform.</summary>
    public static IServiceCollection AddApiV3(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ThumbnailOptions>().Bind(configuration.GetSection("Gateway:Thumbnails"))
            .Validate(ThumbnailOptions.IsValid, "Gateway:Thumbnails: MaxAtOnce and CacheBytes must be positive, MaxWaiting and LiveAge not negative.")
            .ValidateOnStart();
        services.AddSingleton<PictureMaker>();
        services.AddSingleton<ApiV3Metrics>();
        services.AddSingleton<RequestReader>();
        services.AddSingleton<ApiV3Endpoint>();
        services.AddSingleton<PlayManifestEndpoint>();
        services.AddSingleton<IEntryCatalog, PlatformCatalog>();
        services.AddSingleton<ThumbnailEndpoint>();
        return services;
    }

    /// <summary>Maps everything that the gateway answers.</summary>
    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var guard = services.GetRequiredService<PlayGuard>();
        var pipeline = endpoints as IApplicationBuilder ?? throw new InvalidOperationException("The gateway is mapped on the application itself: its guard stands before it.");
        pipeline.UseVod();        // first, as its locations go before routes; none is the guard's: /live is reserved
        pipeline.UseRouting();
        pipeline.Use((context, next) => guard.Invoke(context, next));
        var windows = services.GetRequiredService<LiveWindows>();
        services.GetRequiredService<GatewayMetrics>().Windows = () => windows.Count;
        services.GetRequiredService<HealthEndpoints>().Map(endpoints);
        services.GetRequiredService<PageEndpoints>().Map(endpoints);
        services.GetRequiredService<StreamCommands>().Map(endpoints);
        services.GetRequiredService<AccessEndpoints>().Map(endpoints);
        services.GetRequiredService<ApiEndpoints>().Map(endpoints);
        services.GetRequiredService<HlsEndpoint>().Map(endpoints);
        services.GetRequiredService<RecordedEndpoint>().Map(endpoints);
        services.GetRequiredService<RewindEndpoint>().Map(endpoints);
        services.GetRequiredService<InsideEndpoint>().Map(endpoints);
        services.GetRequiredService<DashEndpoint>().Map(endpoints);
        services.GetRequiredService<SmoothEndpoint>().Map(endpoints);
        services.GetRequiredService<StreamingEndpoint>().Map(endpoints);
        services.GetService<ApiV3Endpoint>()?.Map(endpoints);
        services.GetService<PlayManifestEndpoint>()?.Map(endpoints);
        services.GetService<ThumbnailEndpoint>()?.Map(endpoints);
        services.GetService<DiagnosticsEndpoint>()?.Map(endpoints);
        return endpoints;
    }
}
