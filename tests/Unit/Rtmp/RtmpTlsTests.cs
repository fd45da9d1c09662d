using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Ingest.Rtmp;

namespace Tributary.Unit.Rtmp;

public sealed class RtmpTlsTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("rtmps").FullName;
    readonly ManualTime _time = new();
    readonly Journal _log = new();
    readonly RtmpOptions _options;
    int _writes;

    public RtmpTlsTests() => _options = new RtmpOptions
    {
        CertificatePath = Path.Combine(_folder, "cert.pem"),
        KeyPath = Path.Combine(_folder, "key.pem"),
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_new_certificate_serves_new_sessions_and_old_sessions_go_on()
    {
        WriteCertificate("one");
        var certificate = NewCertificate();
        await using var server = await Serve(certificate);
        using var first = await Connect(server);
        Assert.Equal("CN=one", first.RemoteCertificate!.Subject);

        WriteCertificate("two");
        _time.Advance(TimeSpan.FromSeconds(1));
        using var second = await Connect(server);
        Assert.Equal("CN=two", second.RemoteCertificate!.Subject);
        await Echo(first);
        await Echo(second);
        Assert.Contains("was replaced", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_file_keeps_the_old_certificate_and_is_told_once()
    {
        WriteCertificate("one");
        var certificate = NewCertificate();
        Assert.Equal("CN=one", certificate.Current.TargetCertificate.Subject);

        Write(_options.CertificatePath, "half of a certifi");
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal("CN=one", certificate.Current.TargetCertificate.Subject);
        }

        Assert.Contains("cannot be read", Assert.Single(_log.Lines), StringComparison.Ordinal);
        WriteCertificate("two");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("CN=two", certificate.Current.TargetCertificate.Subject);
    }

    [Fact]
    public void A_link_that_points_elsewhere_is_a_new_certificate()
    {
        WriteCertificate("one");
        File.Move(_options.CertificatePath, Path.Combine(_folder, "one.pem"));
        File.Move(_options.KeyPath, Path.Combine(_folder, "one.key"));
        WriteCertificate("two");
        File.Move(_options.CertificatePath, Path.Combine(_folder, "two.pem"));
        File.Move(_options.KeyPath, Path.Combine(_folder, "two.key"));
        Point("one");
        var certificate = NewCertificate();
        Assert.Equal("CN=one", certificate.Current.TargetCertificate.Subject);

        Point("two");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("CN=two", certificate.Current.TargetCertificate.Subject);

        void Point(string name)
        {
            File.Delete(_options.CertificatePath);
            File.Delete(_options.KeyPath);
            File.CreateSymbolicLink(_options.CertificatePath, Path.Combine(_folder, name + ".pem"));
            File.CreateSymbolicLink(_options.KeyPath, Path.Combine(_folder, name + ".key"));
        }
    }

    [Fact]
    public void A_pfx_serves_as_well()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (_options.CertificatePath, _options.KeyPath) = ("", "");
        _options.PfxPath = Path.Combine(_folder, "cert.pfx");
        _options.PfxPassword = "secret";
        File.WriteAllBytes(_options.PfxPath, NewX509("pfx", key).Export(X509ContentType.Pfx, _options.PfxPassword));
        Assert.Equal("CN=pfx", NewCertificate().Current.TargetCertificate.Subject);
    }

    [Fact]
    public void Without_any_certificate_a_handshake_fails_and_the_reason_is_in_the_log()
    {
        Assert.Throws<CryptographicException>(() => NewCertificate().Current);
        Assert.Contains("cannot be read", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    RtmpCertificate NewCertificate() => new(Options.Create(_options), _time, _log);

    async Task<WebApplication> Serve(RtmpCertificate certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.UseRtmpTls(certificate, _options).Run(EchoBack)));
        var app = builder.Build();
        await app.StartAsync();
        return app;
    }

    static async Task EchoBack(ConnectionContext connection) => await connection.Transport.Input.CopyToAsync(connection.Transport.Output);

    static async Task<SslStream> Connect(WebApplication server)
    {
        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, new Uri(address).Port);
        var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.None,
#pragma warning disable CA5359 // the test looks at the certificate itself
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        return tls;
    }

    static async Task Echo(SslStream tls)
    {
        await tls.WriteAsync(new byte[] { 1, 2, 3 });
        var back = new byte[3];
        await tls.ReadExactlyAsync(back);
        Assert.Equal([1, 2, 3], back);
    }

    void WriteCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = NewX509(name, key);
        Write(_options.KeyPath, key.ExportPkcs8PrivateKeyPem());
        Write(_options.CertificatePath, certificate.ExportCertificatePem());
    }

    static X509Certificate2 NewX509(string name, ECDsa key) =>
        new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

    // Each write a second later than the last, however fast the test is.
    void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddDays(20_000).AddSeconds(++_writes));
    }

    sealed class Journal : ILogger<RtmpCertificate>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
