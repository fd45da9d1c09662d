using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tributary.Unit;

/// <summary>Signs certificates, and lays them down as files.</summary>
sealed class TestAuthority : IDisposable
{
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly X509Certificate2 _own;
    readonly string _folder;

    public TestAuthority(string name, string folder)
    {
        _folder = folder;
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        _own = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        Path = System.IO.Path.Combine(folder, name + "-authority.pem");
        File.WriteAllText(Path, _own.ExportCertificatePem());
    }

    public string Path { get; }

    public X509Certificate2 Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .Create(_own, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>Certificate, key and authority as options of that section, in this order.</summary>
    public (string Key, string Value)[] Member(string name, string section)
    {
        using var certificate = Issue(name);
        var file = System.IO.Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(file + ".pem", certificate.ExportCertificatePem());
        File.WriteAllText(file + ".key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return [($"{section}:CertificatePath", file + ".pem"), ($"{section}:KeyPath", file + ".key"), ($"{section}:AuthorityPath", Path)];
    }

    public void Dispose()
    {
        _own.Dispose();
        _key.Dispose();
    }
}
