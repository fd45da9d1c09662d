using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Frames.Links;

/// <summary>
/// TLS on frame links, where <see cref="LinkTlsOptions"/> asks for it. With an authority both ends show a certificate of it. In any case the proof of
/// the cluster's secret includes the certificate of the host that is fetched from, as both ends saw it, so that nobody can sit between them
/// (the idea of RFC 5929 §4, with SHA-256 throughout).
/// </summary>
public sealed partial class LinkTls(IOptions<FrameLinkOptions> options, TimeProvider time, ILogger<LinkTls> log)
{
    readonly LinkTlsOptions _options = options.Value.Tls;
    readonly CertificateAuthority _authority = new(options.Value.Tls.AuthorityPath);
    readonly NodeCertificate _certificate = new(
        "Frame links over TLS", new CertificateFiles(options.Value.Tls.CertificatePath, options.Value.Tls.KeyPath), time, log);

    internal bool IsOn => _options.IsOn;

    bool IsMutual => _options.AuthorityPath.Length > 0;

    /// <summary>What a proof over this connection is bound to; nothing without TLS.</summary>
    internal static byte[] Binding(X509Certificate? server) => server is null ? [] : SHA256.HashData(server.GetRawCertData());

    internal static byte[] Binding(ConnectionContext connection) => Binding(connection.Features.Get<ISslStreamFeature>()?.SslStream.LocalCertificate);

    /// <summary>The listening end, for one connection.</summary>
    internal SslServerAuthenticationOptions AsServer(ConnectionContext connection)
    {
        var peer = connection.RemoteEndPoint?.ToString() ?? "";
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _certificate.Current,
            ClientCertificateRequired = IsMutual,
            AllowTlsResume = false,   // a link lives for days; each shows its certificate anew
            RemoteCertificateValidationCallback = (_, shown, chain, _) =>
            {
                var why = Problem(shown, chain);
                if (why is not null)
                {
                    LogRefused(peer, why);
                }

                return why is null;
            },
        };
    }

    /// <summary>The subscribing end.</summary>
    /// <exception cref="IOException">The other end's certificate is not accepted, or it speaks no TLS.</exception>
    internal async Task<SslStream> AsClient(Stream plain, string host, CancellationToken cancellation)
    {
        string? why = null;
        var secured = new SslStream(plain, leaveInnerStreamOpen: true);
        try
        {
            await secured.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    ClientCertificateContext = IsMutual ? _certificate.Current : null,
                    AllowTlsResume = false,
                    RemoteCertificateValidationCallback = (_, shown, chain, _) => (why = Problem(shown, chain)) is null,
                },
                cancellation);
            return secured;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or CryptographicException)
        {
            await secured.DisposeAsync();
            throw new IOException(why is null ? $"there is no TLS with the other host: {exception.Message}" : $"the other host's certificate is refused: {why}", exception);
        }
    }

    // Without an authority any certificate will do.
    string? Problem(X509Certificate? shown, X509Chain? seen) => IsMutual ? _authority.Problem(shown, seen) : null;

    [LoggerMessage(LogLevel.Warning, "Frame link from {Peer} refused: its certificate is not accepted ({Why})")]
    partial void LogRefused(string peer, string why);
}

public static class FrameLinkHosting
{
    /// <summary>Frame links on this port, over TLS where <see cref="LinkTlsOptions"/> asks for it.</summary>
    public static void UseFrameLinks(this ListenOptions listen)
    {
        var tls = listen.ApplicationServices.GetRequiredService<LinkTls>();
        if (tls.IsOn)
        {
            var limit = listen.ApplicationServices.GetRequiredService<IOptions<FrameLinkOptions>>().Value.HandshakeTimeout;
            listen.UseHttps(new TlsHandshakeCallbackOptions { HandshakeTimeout = limit, OnConnection = context => new(tls.AsServer(context.Connection)) });
        }

        listen.UseConnectionHandler<FrameLinkListener>();
    }
}
