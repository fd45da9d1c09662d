using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tributary.Gateway.Streaming;

namespace Tributary.Silo;

/// <summary>Where HTTP is spoken: plain, HTTP/2 by prior knowledge, and TLS with both versions by ALPN.</summary>
static class HttpListeners
{
    /// <summary>What is wrong with the options, in a sentence; null where nothing is.</summary>
    public static string? Problem(HttpOptions http)
    {
        if (http.TlsPort <= 0)
        {
            return null;
        }

        try
        {
            _ = new PemFile(http.CertificatePath, http.KeyPath).Current;
            return null;
        }
        catch (Exception exception) when (exception is IOException or CryptographicException or UnauthorizedAccessException or ArgumentException)
        {
            return $"Configuration: Http:TlsPort needs a certificate: Http:CertificatePath '{http.CertificatePath}' cannot be read: {exception.Message}";
        }
    }

    public static void ListenHttp(this KestrelServerOptions kestrel, HttpOptions http)
    {
        kestrel.ListenAnyIP(http.Port, static listen => listen.UseStreaming());
        if (http.Http2Port > 0)
        {
            kestrel.ListenAnyIP(http.Http2Port, listen => listen.Protocols = HttpProtocols.Http2);
        }

        if (http.TlsPort > 0)
        {
            var certificate = new PemFile(http.CertificatePath, http.KeyPath);
            kestrel.ListenAnyIP(http.TlsPort, listen => listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current }),
            }));
        }
    }

    // Whoever renews certificates replaces files; connections that are open keep theirs.
    sealed class PemFile(string path, string key)
    {
        static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

        readonly Lock _gate = new();
        SslStreamCertificateContext? _current;
        DateTime _written;
        long _looked;

        public SslStreamCertificateContext Current
        {
            get
            {
                lock (_gate)
                {
                    if (_current is null || TimeProvider.System.GetElapsedTime(_looked) > LookEvery)
                    {
                        _looked = TimeProvider.System.GetTimestamp();
                        _current = TryRead() ?? _current;
                    }

                    return _current!;
                }
            }
        }

        // A file that is being written is read the next time.
        SslStreamCertificateContext? TryRead()
        {
            try
            {
                var written = File.GetLastWriteTimeUtc(path);
                if (_current is not null && written == _written)
                {
                    return null;
                }

                var leaf = X509Certificate2.CreateFromPemFile(path, key.Length > 0 ? key : null);
                var chain = new X509Certificate2Collection();
                chain.ImportFromPemFile(path);
                _written = written;
                return SslStreamCertificateContext.Create(leaf, chain, offline: true);
            }
            catch (Exception exception) when (_current is not null && exception is IOException or CryptographicException)
            {
                return null;
            }
        }
    }
}
