using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Tributary.Ingest.Rtmp;

/// <summary>
/// The certificate of RTMP over TLS, read again when its files change. Sessions that exist keep theirs; a file that cannot be read leaves
/// the old certificate in use and writes one line.
/// </summary>
sealed partial class RtmpCertificate(IOptions<RtmpOptions> options, TimeProvider time, ILogger<RtmpCertificate> log)
{
    static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    SslStreamCertificateContext? _current;
    (DateTime, DateTime) _seen;
    long _looked;

    /// <summary>The certificate with its chain, for the next handshake.</summary>
    /// <exception cref="CryptographicException">There has never been one that could be read.</exception>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_lock)
            {
                if (_current is null || time.GetElapsedTime(_looked) >= LookAgainAfter)
                {
                    _looked = time.GetTimestamp();
                    LookAgain();
                }

                return _current ?? throw new CryptographicException("There is no certificate for RTMP over TLS that can be read.");
            }
        }
    }

    void LookAgain()
    {
        var paths = options.Value;
        var main = paths.PfxPath.Length > 0 ? paths.PfxPath : paths.CertificatePath;
        try
        {
            var written = (Written(main), paths.KeyPath.Length > 0 ? Written(paths.KeyPath) : default);
            if (_seen == written)
            {
                return;   // also after a failure: one line per version of the file
            }

            _seen = written;
            var isNew = _current is not null;
            _current = Read(paths);
            if (isNew)
            {
                LogReplaced(main, _current.TargetCertificate.NotAfter);
            }
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            LogUnreadable(main, exception.Message);
        }
    }

    // Of the file itself: certificates are often links that are pointed at another file.
    static DateTime Written(string path) =>
        File.GetLastWriteTimeUtc(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);

    static SslStreamCertificateContext Read(RtmpOptions paths)
    {
        if (paths.PfxPath.Length > 0)
        {
            var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(paths.PfxPath, paths.PfxPassword);
            var own = all.First(certificate => certificate.HasPrivateKey);
            return SslStreamCertificateContext.Create(own, all, offline: true);
        }

        var leaf = X509Certificate2.CreateFromPemFile(paths.CertificatePath, paths.KeyPath.Length > 0 ? paths.KeyPath : null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(paths.CertificatePath);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    [LoggerMessage(LogLevel.Information, "RTMP over TLS: {Path} was replaced; new connections get what is valid until {NotAfter}")]
    partial void LogReplaced(string path, DateTime notAfter);

    [LoggerMessage(LogLevel.Error, "RTMP over TLS: {Path} cannot be read ({Why}); what was read before stays in use")]
    partial void LogUnreadable(string path, string why);
}
