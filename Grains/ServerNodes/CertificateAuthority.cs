using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tributary.Grains.ServerNodes;

/// <summary>
/// The cluster's own authority: whom a host accepts by its certificate. Names are not looked at, since hosts come and go under any address.
/// </summary>
/// <param name="path">PEM file with its certificates; read for every connection, so that a replaced one counts at once.</param>
public sealed class CertificateAuthority(string path)
{
    /// <summary>Null, or why the certificate that the other end shows is not accepted. With it may come intermediate ones (<paramref name="seen"/>).</summary>
    public string? Problem(X509Certificate? shown, X509Chain? seen)
    {
        if (shown is null)
        {
            return "it shows none";
        }

        try
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(path);
            chain.ChainPolicy.ExtraStore.AddRange(seen?.ChainPolicy.ExtraStore ?? []);
            using var certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
            return chain.Build(certificate)
                ? null
                : $"{certificate.Subject}: {string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()))}";
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return $"the cluster's authority cannot be read ({exception.Message})";
        }
    }
}
