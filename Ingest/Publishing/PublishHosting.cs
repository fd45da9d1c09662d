using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tributary.Grains.ServerNodes;
using Tributary.Media.Timeline;

namespace Tributary.Ingest.Publishing;

public static class PublishHosting
{
    /// <summary>Registers what every way in shares: admission, sessions, hubs.</summary>
    public static IServiceCollection AddPublishing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PublishOptions>().Bind(configuration.GetSection("Publish"))
            .Validate(options => options.MaxPublishers > 0, "Publish:MaxPublishers must be positive.")
            .Validate(options => options.MaxDataMessages >= 0, "Publish:MaxDataMessages must not be negative.")
            .Validate(options => options.ReportInterval > TimeSpan.Zero, "Publish:ReportInterval must be positive.")
            .Validate(options => options.AnswerTimeout > TimeSpan.Zero, "Publish:AnswerTimeout must be positive.")
            .Validate(options => options.Fault is { Silence.Ticks: > 0, Stall.Ticks: > 0, KeyFrame.Ticks: > 0 }, "Publish:Fault: durations must be positive.")
            .Validate(options => options.Standby is { Window.Ticks: > 0, MaxBytes: > 0 }, "Publish:Standby: Window and MaxBytes must be positive.")
            .ValidateOnStart();
        services.AddOptions<TimelineOptions>().Bind(configuration.GetSection("Ingest:Timeline"))
            .Validate(options => options.ForwardTolerance > TimeSpan.Zero && options.BackwardTolerance > TimeSpan.Zero
                && options.AudioTolerance > TimeSpan.Zero && options.MaxCompositionOffset > TimeSpan.Zero, "Ingest:Timeline: every tolerance must be positive.")
            .ValidateOnStart();
        services.AddSingleton<PublishMetrics>();
        services.AddSingleton<PublishKeys>();
        services.AddSingleton<PublishGate>();
        services.AddSingleton<PublishSessions>();
        services.AddSingleton<IDrainedWork>(provider => provider.GetRequiredService<PublishSessions>());
        services.TryAddSingleton<NodeDrain>();
        services.TryAddSingleton<NodeDirectory>();
        services.AddSingleton<Publisher>();
        services.AddHostedService<FrameChannelSweep>();
        return services;
    }
}
