using Microsoft.Extensions.DependencyInjection;
using Orleans.Connections.Security;

namespace Orleans.Runtime;

/// <summary>What a node of a cluster of processes stands on: clock, threads, network and chance. A simulation gives its own.</summary>
sealed record Surroundings(TimeProvider Time, EngineThreads Threads, ITransport Transport, Random Random)
{
    public static Surroundings Of(IServiceProvider services) => new(
        services.GetRequiredService<TimeProvider>(), services.GetService<EngineThreads>() ?? EngineThreads.Pool,
        services.GetService<ITransport>() ?? new TcpTransport(services.GetService<TlsOptions>() is { } tls ? new TcpTls(tls) : null),
        services.GetService<Random>() ?? Random.Shared);
}
