using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tributary.Grains.KLive.Remote;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Recordings;

namespace Tributary.Grains.KLive;

public static class KLiveHosting
{
    /// <summary>Whether this process is a media server of some platform: of its own where <paramref name="hasPlatform"/>, or of another.</summary>
    public static bool IsMediaServer(IConfiguration configuration, bool hasPlatform) => hasPlatform || IsRemote(configuration);

    static bool IsRemote(IConfiguration configuration) => configuration["KLive:Platform:Url"] is { Length: > 0 };

    /// <summary>
    /// Registers this node as a media server of the platform that is configured, or of its own cluster's, which the host has. What it keeps is below
    /// <paramref name="data"/>. <paramref name="players"/>: where players reach this process, empty where they do not;
    /// <paramref name="ingests"/>: encoders come here; <paramref name="records"/>: recorders run here.
    /// </summary>
    public static IServiceCollection AddKLive(this IServiceCollection services, IConfiguration configuration, string data, string players, bool ingests, bool records)
    {
        services.AddOptions<KLiveOptions>().Bind(configuration.GetSection("KLive"))
            .Validate(
                KLiveOptions.IsValid,
                "KLive: periods and time-outs must be positive; KLive:Platform needs an http(s) Url, Partner -5 or a partner's number, its AdminSecret, positive limits, and SharedFolder an absolute path with partner -5.")
            .PostConfigure(options => options.Platform.PlaybackUrl = options.Platform.PlaybackUrl.Length > 0 ? options.Platform.PlaybackUrl : players)
            .ValidateOnStart();
        services.AddSingleton<KLiveMetrics>();
        AddPlatform(services, IsRemote(configuration), Path.Combine(data, "klive"));
        if (ingests)
        {
            services.AddSingleton<MediaServerNode>();
            services.AddHostedService(provider => provider.GetRequiredService<MediaServerNode>());
            services.AddSingleton<EntryAlerts>();
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<TrustedEncoders>(provider, Path.Combine(data, "klive")));
            services.AddSingleton<EntryDiagnostics>();
            services.AddSingleton<EntryAdmission>();
            services.AddSingleton<EntryBroadcasts>();
            services.AddHostedService(provider => provider.GetRequiredService<EntryBroadcasts>());
            services.AddHostedService<EntryWatch>();
        }

        if (records)
        {
            services.AddSingleton<HandoverMarks>();
            services.AddHostedService(provider =>
            {
                provider.GetRequiredService<RecordingEvents>().IsAwaited = provider.GetRequiredService<HandoverMarks>().Awaits;
                return ActivatorUtilities.CreateInstance<RecordingHandover>(provider);
            });
        }

        return services;
    }

    static void AddPlatform(IServiceCollection services, bool isRemote, string folder)
    {
        if (!isRemote)
        {
            services.AddSingleton<IPlatformClient>(provider => new OwnPlatform(provider.GetRequiredService<Lazy<PlatformApi>>(), provider.GetRequiredService<ContentStore>()));
            return;
        }

        services.AddSingleton<RemoteSession>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RemoteUploads>(provider, Path.Combine(folder, "outbox")));
        services.AddSingleton<IPlatformClient>(provider =>
        {
            var platform = ActivatorUtilities.CreateInstance<RemotePlatform>(provider, Client(provider.GetRequiredService<IOptions<KLiveOptions>>().Value.Platform));
            provider.GetRequiredService<KLiveMetrics>().IsSilent = () => platform.IsSilent;
            return platform;
        });
    }

    // Each call has its own patience.
    internal static HttpClient Client(RemotePlatformOptions options) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = options.MaxCalls,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = options.MaxAnswerBytes,
    };
}
