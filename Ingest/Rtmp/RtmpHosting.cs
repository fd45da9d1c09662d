using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Rtmp;

public static class RtmpHosting
{
    /// <summary>Registers what RTMP ingest needs; the ports are opened by <see cref="ListenRtmp"/>.</summary>
    public static IServiceCollection AddRtmpIngest(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RtmpOptions>().Bind(configuration.GetSection("Ingest:Rtmp"))
            .Validate(o => o.Port is >= 0 and <= 65_535 && o.TlsPort is >= 0 and <= 65_535,
                "Ingest:Rtmp: a port is a number from 0 (off) to 65535.")
            .Validate(o => o.PfxPath.Length == 0 || o.CertificatePath.Length == 0,
                "Ingest:Rtmp: PfxPath and CertificatePath exclude each other.")
            .Validate(o => o.KeyPath.Length == 0 || o.CertificatePath.Length > 0, "Ingest:Rtmp: KeyPath needs CertificatePath.")
            .Validate(o => o.HandshakeTimeout > TimeSpan.Zero && o.PublishTimeout > TimeSpan.Zero && o.IdleTimeout > TimeSpan.Zero
                && o.FarewellTimeout > TimeSpan.Zero, "Ingest:Rtmp: every timeout must be positive.")
            .Validate(o => o.MaxConnections > 0 && o.MaxConnectionsPerAddress > 0,
                "Ingest:Rtmp: MaxConnections and MaxConnectionsPerAddress must be positive.")
            .Validate(o => o.MaxMessageBytes is > 0 and <= 0xFFFFFF && o.MaxChunkStreams > 0 && o.MaxPendingBytes >= o.MaxMessageBytes,
                "Ingest:Rtmp: MaxMessageBytes is at most 16777215, MaxPendingBytes at least as much, MaxChunkStreams positive.")
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(FramePool.Shared);
        services.TryAddSingleton<IngestMetrics>();
        services.AddSingleton<RtmpPlaces>();
        services.AddSingleton<RtmpCertificate>();
        services.AddSingleton(provider => RtmpAdmissions.By(provider.GetRequiredService<Publisher>()));
        services.AddSingleton<RtmpListener>();
        return services;
    }

    /// <summary>Opens the ports of <see cref="RtmpOptions"/>: plain RTMP, and RTMP over TLS where a certificate is configured. <paramref name="before"/> stands before the RTMP itself.</summary>
    public static void ListenRtmp(this KestrelServerOptions kestrel, Func<ListenOptions, ListenOptions>? before = null)
    {
        before ??= static listen => listen;
        var options = kestrel.ApplicationServices.GetRequiredService<IOptions<RtmpOptions>>().Value;
        if (options.Port > 0)
        {
            kestrel.ListenAnyIP(options.Port, listen => before(listen).UseConnectionHandler<RtmpListener>());
        }

        if (options.TlsPort > 0 && options.HasCertificate)
        {
            var certificate = kestrel.ApplicationServices.GetRequiredService<RtmpCertificate>();
            kestrel.ListenAnyIP(options.TlsPort, listen => before(listen.UseRtmpTls(certificate, options)).UseConnectionHandler<RtmpListener>());
        }
    }

    // The certificate is asked for at each handshake, so that a new one needs no restart.
    internal static ListenOptions UseRtmpTls(this ListenOptions listen, RtmpCertificate certificate, RtmpOptions options) =>
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = options.HandshakeTimeout,
            OnConnection = _ => new(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
        });
}
