using System.Net;
using System.Net.Security;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Conformance;

/// <summary>Low-latency HLS over every version of HTTP that is offered: Apple's players want HTTP/2, and some proxies speak it without TLS.</summary>
public sealed class HttpVersionTests
{
    [SkippableFact]
    public async Task Blocking_reloads_and_parts_come_over_http_1_and_2_with_and_without_tls()
    {
        Tools.Require("ffmpeg", "openssl");
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Scratch, "tls-" + Guid.NewGuid().ToString("N")[..8])).FullName;
        var (certificate, key) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
        await ChildProcess.Run(
            "openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"],
            TimeSpan.FromSeconds(20));
        var (http2, tls) = (FreePorts.Next(), FreePorts.Next());
        await using var server = await ServerProcess.Start(new Dictionary<string, string>
        {
            ["Http__Http2Port"] = $"{http2}", ["Http__TlsPort"] = $"{tls}", ["Http__CertificatePath"] = certificate, ["Http__KeyPath"] = key,
        });
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Plain, server.Rtmp("versions"));
        await server.IsPlayable("versions");
        foreach (var (address, version) in new[]
        {
            (server.Http.BaseAddress!, HttpVersion.Version11), (new Uri($"http://127.0.0.1:{http2}"), HttpVersion.Version20),
            (new Uri($"https://127.0.0.1:{tls}"), HttpVersion.Version11), (new Uri($"https://127.0.0.1:{tls}"), HttpVersion.Version20),
        })
        {
#pragma warning disable CA5359 // the certificate is the test's own
            var tlsOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true };
#pragma warning restore CA5359
            using var http = new HttpClient(new SocketsHttpHandler { SslOptions = tlsOptions })
            {
                DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            await using var client = await LowLatencyClient.Open(http, new Uri(address, "/live/versions/master.m3u8"));
            await Eventually.IsTrue($"parts over {address} in HTTP/{version}", TimeSpan.FromSeconds(20), () => client.HintedParts >= 4);
            Assert.Empty(client.Problems);
        }
    }
}
