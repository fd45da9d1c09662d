using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Grains.Recordings;

namespace Tributary.Gateway.Recorded;

static class RecordedHosting
{
    /// <summary>Registers what serves recordings and rewind windows. The host has the folders of journals.</summary>
    public static IServiceCollection AddRecorded(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RecordedOptions>().Bind(configuration.GetSection("Gateway:Recorded"))
            .Validate(RecordedOptions.IsValid, "Gateway:Recorded: limits and times must be positive.")
            .ValidateOnStart();
        services.AddSingleton<LocalJournals>();
        services.AddSingleton<InsideAccess>();
        services.AddSingleton<JournalSources>();
        services.AddSingleton<RecordedEntries>();
        services.AddSingleton<Vod.IEntryCatalog, RecordedCatalog>();
        services.AddSingleton<RecordedEndpoint>();
        services.AddSingleton<RewindAnswers>();
        services.AddSingleton<RewindEndpoint>();
        services.AddSingleton<InsideEndpoint>();
        return services;
    }
}
