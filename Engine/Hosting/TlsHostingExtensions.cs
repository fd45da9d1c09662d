using Microsoft.Extensions.DependencyInjection;
using Orleans.Connections.Security;

namespace Orleans.Hosting;

/// <summary>Connections of a cluster of processes over TLS.</summary>
public static class OrleansConnectionSecurityHostingExtensions
{
    public static ISiloBuilder UseTls(this ISiloBuilder builder, Action<TlsOptions> configureOptions)
    {
        builder.Services.AddSingleton(Options(configureOptions));
        return builder;
    }

    public static IClientBuilder UseTls(this IClientBuilder builder, Action<TlsOptions> configureOptions)
    {
        builder.Services.AddSingleton(Options(configureOptions));
        return builder;
    }

    static TlsOptions Options(Action<TlsOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new TlsOptions();
        configure(options);
        return options.LocalCertificate is not null ? options : throw new InvalidOperationException("No certificate specified");
    }
}
