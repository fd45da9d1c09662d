using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Rtmp;
using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Pull;

public static class PullHosting
{
    /// <summary>Registers what pulls sources, for a node with the role ingest. The host passes on to <see cref="PullHost.Assign"/> what its node is told.</summary>
    public static IServiceCollection AddPull(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PullOptions>().Bind(configuration.GetSection("Pull"))
            .Validate(PullOptions.IsValid, "Pull: MaxPulls and all times must be positive, and LongestPause not below FirstPause.")
            .Validate(options => options.Sources.Keys.All(RtmpPublishUrl.IsName), "Pull:Sources: a stream's name has letters, digits, dots, dashes and underscores.")
            .Validate(options => options.Sources.Values.All(url => RtmpPlayUrl.TryParse(url, out _, out _)),
                "Pull:Sources: a source is rtmp://HOST/APP/NAME or rtmps://HOST/APP/NAME, without user and password before the host.")
            .ValidateOnStart();
        services.AddSingleton<PullMetrics>();
        services.AddSingleton<PullHost>();
        services.AddSingleton<IDrainedWork>(provider => provider.GetRequiredService<PullHost>());
        services.AddHostedService(provider => provider.GetRequiredService<PullHost>());
        return services;
    }
}
