using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Tributary.Grains.ServerNodes;

/// <summary>Where a certificate lies: two PEM files, or one PKCS #12 file. What is not there is empty; an empty key is in the certificate's file.</summary>
public sealed record CertificateFiles(string Certificate, string Key, string Pfx = "", string PfxPassword = "");

/// <summary>
/// A certificate that this node shows, read again when its files change. Connections that exist keep theirs; a file that cannot be read leaves
/// the old certificate in use and writes one line.
/// </summary>
/// <param name="use">What it is for, in the log: "RTMP over TLS".</param>
/// <param name="paths">Its files.</param>
/// <param name="time">When to look again.</param>
/// <param name="log">Where a replacement is told.</param>
public partial class NodeCertificate(string use, CertificateFiles paths, TimeProvider time, ILogger log)
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

                return _current ?? throw new CryptographicException($"There is no certificate for {use} that can be read.");
            }
        }
    }

    void LookAgain()
    {
        var main = paths.Pfx.Length > 0 ? paths.Pfx : paths.Certificate;
        try
        {
            var written = (Written(main), paths.Key.Length > 0 ? Written(paths.Key) : default);
            if (_seen == written)
            {
                return;   // also after a failure: one line per version of the file
            }

            _seen = written;
            var isNew = _current is not null;
            _current = Read();
            if (isNew)
            {
                LogReplaced(use, main, _current.TargetCertificate.NotAfter);
            }
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            LogUnreadable(use, main, exception.Message);
        }
    }

    // Of the file itself: certificates are often links that are pointed at another file.
    static DateTime Written(string path) =>
        File.GetLastWriteTimeUtc(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);

    SslStreamCertificateContext Read()
    {
        if (paths.Pfx.Length > 0)
        {
            var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(paths.Pfx, paths.PfxPassword);
            var own = all.First(certificate => certificate.HasPrivateKey);
            return SslStreamCertificateContext.Create(own, all, offline: true);
        }

        var leaf = X509Certificate2.CreateFromPemFile(paths.Certificate, paths.Key.Length > 0 ? paths.Key : null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(paths.Certificate);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    [LoggerMessage(LogLevel.Information, "{Use}: {Path} was replaced; new connections get what is valid until {NotAfter}")]
    partial void LogReplaced(string use, string path, DateTime notAfter);

    [LoggerMessage(LogLevel.Error, "{Use}: {Path} cannot be read ({Why}); what was read before stays in use")]
    partial void LogUnreadable(string use, string path, string why);
}
