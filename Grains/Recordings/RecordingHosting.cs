using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tributary.Grains.KLive;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Recordings;

public static class RecordingHosting
{
    /// <summary>Registers the options and folders of recordings for any process, below <paramref name="data"/> where nothing else is configured.</summary>
    public static IServiceCollection AddRecordings(this IServiceCollection services, IConfiguration configuration, string data)
    {
        services.AddOptions<RecordingOptions>().Bind(configuration.GetSection("Recording"))
            .Validate(RecordingOptions.IsValid, "Recording: durations must be positive, VolumeDuration at least a second, Threads 1 to 64, limits not negative.")
            .Validate<IOptions<LiveStreamOptions>>(
                static (recording, live) => recording.Streams.Values.All(static mode => mode == RecordingMode.Off) || live.Value.PartDuration <= TimeSpan.FromSeconds(1),
                "Recording: a crash may cost a part, so Live:PartDuration must not be above a second where streams are recorded.")
            .ValidateOnStart();
        services.AddOptions<DvrOptions>().Bind(configuration.GetSection("Dvr"))
            .Validate(DvrOptions.IsValid, "Dvr: windows must not be negative, VolumeDuration at least a second, MaxBytes and LookEvery positive.")
            .ValidateOnStart();
        services.AddSingleton(provider => new JournalFolders(
            new JournalFolder(FolderOf(provider.GetRequiredService<IOptions<RecordingOptions>>().Value.Folder, data, "recordings")),
            new JournalFolder(Path.Combine(data, "rewind"))));
        services.AddSingleton<RecordingEvents>();
        return services;
    }

    /// <summary>Registers the recorders, for a node with the role silo. The host passes on to <see cref="RecorderHost.Assign"/> what its node is told.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="syncPoints">The streams that have timed metadata at gateways.</param>
    public static IServiceCollection AddRecorders(this IServiceCollection services, Func<IServiceProvider, SyncPointStreams> syncPoints)
    {
        services.AddSingleton(provider => new SyncPointRule(syncPoints(provider)));
        services.AddSingleton<RecordingMetrics>();
        services.AddSingleton<RecorderLoop>();
        services.AddHostedService<RecordingHooks>();
        services.AddSingleton<RecorderHost>();
        services.AddSingleton<IDrainedWork>(provider => provider.GetRequiredService<RecorderHost>());
        services.AddHostedService(provider => provider.GetRequiredService<RecorderHost>());
        return services;
    }

    static string FolderOf(string configured, string data, string name) => configured.Length > 0 ? Path.GetFullPath(configured) : Path.Combine(data, name);
}
