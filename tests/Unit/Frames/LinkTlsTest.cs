using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Host = Tributary.Unit.Frames.FrameFeedsTest.Host;
using Relay = Tributary.Unit.Frames.FrameFeedsTest.Relay;

namespace Tributary.Unit.Frames;

/// <summary>Frame links over TLS: who is let in, who is not, and what is said.</summary>
public sealed class LinkTlsTest : IDisposable
{
    const string Section = "Frames:Link:Tls";
    readonly string _folder = Directory.CreateTempSubdirectory("link-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Hosts_of_one_authority_exchange_frames_and_resume_a_broken_link()
    {
        using var authority = new TestAuthority("ours", _folder);
        await using var publisher = await Host.Start("a", "secret", authority.Member("a", Section));
        await using var viewer = await Host.Start("b", "secret", authority.Member("b", Section));
        await using var relay = new Relay(publisher.Port);
        publisher.Publish(0, 7);
        viewer.Feeds.Direct("show", publisher.Directive with { FrameLink = $"127.0.0.1:{relay.Port}" });
        await viewer.Until(count: 7);

        relay.Cut();
        publisher.Publish(7, 13);
        await viewer.Until(count: 20);

        Assert.Equal(Enumerable.Range(0, 20), viewer.Seen);
    }

    [Fact]
    public async Task A_subscriber_with_a_certificate_of_somebody_else_is_refused_and_both_say_why()
    {
        using var ours = new TestAuthority("ours", _folder);
        using var theirs = new TestAuthority("theirs", _folder);
        await using var publisher = await Host.Start("a", "secret", ours.Member("a", Section));
        await using var stranger = await Host.Start("b", "secret", [.. theirs.Member("b", Section)[..2], ($"{Section}:AuthorityPath", ours.Path)]);
        publisher.Publish(0, 5);
        stranger.Feeds.Direct("show", publisher.Directive);

        Assert.Contains("refused: its certificate is not accepted (CN=b:", await publisher.Warns("refused"), StringComparison.Ordinal);
        await stranger.Warns("does not accept this host's certificate");
        Assert.Empty(stranger.Seen);
    }

    [Fact]
    public async Task A_host_with_a_certificate_of_somebody_else_is_not_listened_to()
    {
        using var ours = new TestAuthority("ours", _folder);
        using var theirs = new TestAuthority("theirs", _folder);
        await using var publisher = await Host.Start("a", "secret", theirs.Member("a", Section));
        await using var viewer = await Host.Start("b", "secret", ours.Member("b", Section));
        publisher.Publish(0, 5);
        viewer.Feeds.Direct("show", publisher.Directive);

        await viewer.Warns("the other host's certificate is refused: CN=a:");
        Assert.Empty(viewer.Seen);
    }

    [Fact]
    public async Task Without_an_authority_the_secret_is_proven_for_the_very_certificate()
    {
        using var one = new TestAuthority("one", _folder);
        using var two = new TestAuthority("two", _folder);
        await using var publisher = await Host.Start("a", "secret", one.Member("a", Section)[..2]);
        await using var viewer = await Host.Start("b", "secret", two.Member("b", Section)[..2]);
        publisher.Publish(0, 5);
        viewer.Feeds.Direct("show", publisher.Directive);
        await viewer.Until(count: 5);

        await using var deceived = await Host.Start("c", "secret", two.Member("c", Section)[..2]);
        using var between = new ManInTheMiddle(publisher.Port, two.Issue("m"));
        deceived.Feeds.Direct("show", publisher.Directive with { FrameLink = $"127.0.0.1:{between.Port}" });
        await publisher.Refused.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Empty(deceived.Seen);
    }

    [Fact]
    public async Task A_host_with_TLS_and_one_without_say_so()
    {
        using var authority = new TestAuthority("ours", _folder);
        await using var secured = await Host.Start("a", "secret", authority.Member("a", Section));
        await using var plain = await Host.Start("b", "secret");
        secured.Publish(0, 5);
        secured.Feeds.Direct("show", plain.Directive);
        plain.Feeds.Direct("show", secured.Directive);

        await secured.Warns("there is no TLS with the other host");
        await plain.Warns("has TLS where this one has none");
        Assert.Empty(plain.Seen);
    }

    /// <summary>Speaks TLS with both ends, under a certificate of its own, and hands on all that they say.</summary>
    sealed class ManInTheMiddle : IDisposable
    {
        readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public ManInTheMiddle(int target, X509Certificate2 certificate)
        {
            _listener.Start();
            _ = Accept(target, certificate);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        async Task Accept(int target, X509Certificate2 certificate)
        {
            try
            {
                while (true)
                {
                    using var near = await _listener.AcceptTcpClientAsync();
                    using var far = new TcpClient();
                    await far.ConnectAsync(IPAddress.Loopback, target);
                    await using var victim = new SslStream(near.GetStream());
                    await victim.AuthenticateAsServerAsync(certificate);
#pragma warning disable CA5359 // it accepts whatever it is shown
                    await using var server = new SslStream(far.GetStream(), false, static (_, _, _, _) => true);
#pragma warning restore CA5359
                    await server.AuthenticateAsClientAsync("server");
                    await Task.WhenAny(victim.CopyToAsync(server), server.CopyToAsync(victim));
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or IOException)
            {
                // The test is over.
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
