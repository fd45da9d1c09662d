using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Connections.Security;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.ServerNodes;

namespace Tributary.Silo;

/// <summary>
/// TLS between processes, where <see cref="ClusterTlsOptions"/> ask for it: between silos, from other nodes to silos, and on frame links that have no
/// certificate of their own. Both ends show a certificate of the cluster's authority; whom this one refuses is told in its log.
/// </summary>
sealed partial class ClusterTls(ClusterTlsOptions options) : IHostedService
{
    readonly CertificateAuthority _authority = new(options.AuthorityPath);
    ILogger _log = NullLogger.Instance;

    /// <summary>What is wrong with the options, in a sentence; null where nothing is.</summary>
    public static string? Problem(ClusterTlsOptions options)
    {
        if (!options.IsOn)
        {
            return options.KeyPath.Length + options.AuthorityPath.Length > 0 ? "Configuration: Cluster:Tls needs CertificatePath, or nothing of it." : null;
        }

        if (options.AuthorityPath.Length == 0)
        {
            return "Configuration: Cluster:Tls needs AuthorityPath, the authority whose certificates are accepted.";
        }

        try
        {
            new X509Certificate2Collection().ImportFromPemFile(options.AuthorityPath);
            using var own = Read(options);
            return new CertificateAuthority(options.AuthorityPath).Problem(own, null) is { } why
                ? $"Configuration: Cluster:Tls:CertificatePath is no certificate of Cluster:Tls:AuthorityPath: {why}"
                : null;
        }
        catch (Exception exception) when (exception is IOException or CryptographicException or UnauthorizedAccessException or ArgumentException)
        {
            return $"Configuration: Cluster:Tls cannot be read: {exception.Message}";
        }
    }

    /// <summary>What silos, and nodes that call them, do.</summary>
    public void Apply(TlsOptions tls)
    {
        tls.LocalCertificate = Read(options);
        tls.RemoteCertificateMode = tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (shown, chain, _) => IsAccepted(shown, chain);
    }

    /// <summary>Frame links use the same, unless they are configured themselves.</summary>
    public void Apply(LinkTlsOptions link)
    {
        if (link.CertificatePath.Length == 0)
        {
            (link.CertificatePath, link.KeyPath, link.AuthorityPath) = (options.CertificatePath, options.KeyPath, options.AuthorityPath);
        }
    }

    /// <summary>From now on refusals are told.</summary>
    public ClusterTls TellTo(ILogger log)
    {
        _log = log;
        return this;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    bool IsAccepted(X509Certificate2 shown, X509Chain? chain)
    {
        var why = _authority.Problem(shown, chain);
        if (why is not null)
        {
            LogRefused(why);
        }

        return why is null;
    }

    static X509Certificate2 Read(ClusterTlsOptions options) =>
        X509Certificate2.CreateFromPemFile(options.CertificatePath, options.KeyPath.Length > 0 ? options.KeyPath : null);

    [LoggerMessage(LogLevel.Warning, "A node that wants to speak with this one is refused: its certificate is not accepted ({Why})")]
    partial void LogRefused(string why);
}
