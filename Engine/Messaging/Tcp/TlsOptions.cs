using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Connections.Security;

/// <summary>Whether the other end's certificate is accepted, after what the platform thinks of it.</summary>
public delegate bool RemoteCertificateValidator(X509Certificate2 certificate, X509Chain chain, SslPolicyErrors policyErrors);

/// <summary>Whether the other end shows a certificate.</summary>
public enum RemoteCertificateMode
{
    NoCertificate,
    AllowCertificate,
    RequireCertificate
}

/// <summary>TLS on the connections between silos and to their clients.</summary>
public class TlsOptions
{
    /// <summary>What this node shows to whom it calls and who calls it.</summary>
    public X509Certificate2 LocalCertificate { get; set; } = null!;

    public RemoteCertificateMode RemoteCertificateMode { get; set; } = RemoteCertificateMode.RequireCertificate;

    /// <summary>Whether this node shows its certificate to a silo that it calls.</summary>
    public RemoteCertificateMode ClientCertificateMode { get; set; } = RemoteCertificateMode.AllowCertificate;

    /// <summary>Replaces what the platform thinks of the other end's certificate; null: that decides.</summary>
    public RemoteCertificateValidator RemoteCertificateValidation { get; set; } = null!;
}
