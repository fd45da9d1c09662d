using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Connections.Security;
using Tributary.Grains.ServerNodes;

namespace Tributary.Unit.Engine.Network;

using Frames = Orleans.Runtime.Frames;

/// <summary>Silos over TLS: who is let in, who is not, and what is said.</summary>
public sealed class TcpTlsTests : IDisposable
{
    static readonly ClusterIdentity Cluster = new("c", "s", "secret");
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    readonly string _folder = Directory.CreateTempSubdirectory("tcp-tls").FullName;
    readonly List<IDisposable> _open = [];

    public void Dispose()
    {
        _open.ForEach(one => one.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Frames_go_both_ways_and_the_end_of_one_is_the_end_of_the_other()
    {
        var ours = Authority("ours");
        var silo = new Listening(Tls(ours, ours.Issue("callee")));
        _open.Add(silo);
        using var connection = await silo.Call(Tls(ours, ours.Issue("caller")));
        var heard = new BlockingCollection<string>();
        var running = connection.Run(Frames.LongestControl, (_, payload) => heard.Add(JsonSerializer.Deserialize<string>(payload.ToArray())!));

        connection.TrySend(Frames.Of(FrameType.Message, new string('x', 100_000)));
        connection.TrySend(Frames.Of(FrameType.Message, "last"));
        Assert.Equal(100_000, Take(heard).Length);
        Assert.Equal("last", Take(heard));

        connection.Finish();
        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_caller_with_a_certificate_of_somebody_else_is_refused_and_told_so()
    {
        var (ours, theirs) = (Authority("ours"), Authority("theirs"));
        var silo = new Listening(Tls(ours, ours.Issue("callee")));
        _open.Add(silo);

        var refused = await Assert.ThrowsAsync<IOException>(() => silo.Call(Tls(ours, theirs.Issue("caller"))));
        Assert.Contains("does not accept this node's certificate", refused.Message, StringComparison.Ordinal);
        Assert.Contains("speaks no TLS that is accepted here", await silo.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_with_a_certificate_of_somebody_else_is_not_spoken_to()
    {
        var (ours, theirs) = (Authority("ours"), Authority("theirs"));
        var silo = new Listening(Tls(theirs, theirs.Issue("callee")));
        _open.Add(silo);

        var refused = await Assert.ThrowsAsync<IOException>(() => silo.Call(Tls(ours, theirs.Issue("caller"))));
        Assert.Contains("there is no TLS with the other end", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_without_TLS_is_refused()
    {
        var ours = Authority("ours");
        var silo = new Listening(Tls(ours, ours.Issue("callee")));
        _open.Add(silo);

        await Assert.ThrowsAnyAsync<IOException>(() => silo.Call(null));
        Assert.Contains("speaks no TLS that is accepted here", await silo.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_without_TLS_says_that_the_caller_has_it()
    {
        var ours = Authority("ours");
        var silo = new Listening(null);
        _open.Add(silo);

        var refused = await Assert.ThrowsAsync<IOException>(() => silo.Call(Tls(ours, ours.Issue("caller"))));
        Assert.Contains("there is no TLS with the other end", refused.Message, StringComparison.Ordinal);
        Assert.Contains("The other end speaks TLS where this one has none", await silo.Said(), StringComparison.Ordinal);
    }

    TestAuthority Authority(string name)
    {
        var authority = new TestAuthority(name, _folder);
        _open.Add(authority);
        return authority;
    }

    static TcpTls Tls(TestAuthority trusted, X509Certificate2 own)
    {
        var authority = new CertificateAuthority(trusted.Path);
        return new TcpTls(new TlsOptions
        {
            LocalCertificate = own,
            ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
            RemoteCertificateValidation = (shown, chain, _) => authority.Problem(shown, chain) is null,
        });
    }

    static string Take(BlockingCollection<string> heard) =>
        heard.TryTake(out var text, Patience) ? text : throw new TimeoutException("Nothing more was heard.");

    /// <summary>A silo that gives back every frame.</summary>
    sealed class Listening : ILogger, IDisposable
    {
        readonly SiloAddress _self = SiloAddress.New(IPAddress.Loopback, 2, 20);
        readonly IPEndPoint _endpoint = new(IPAddress.Loopback, FreePort());
        readonly TaskCompletionSource<string> _said = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly IDisposable _door;

        public Listening(TcpTls? tls) => _door = new TcpTransport(tls).Listen(
            new Door(Cluster, _self, _endpoint, Patience, _ => null, (_, connection) =>
                connection.Run(Frames.LongestControl, (type, payload) => connection.TrySend(Frames.Seal([0, 0, 0, 0, 0, .. payload.ToArray()], type)))),
            this);

        /// <summary>What is in the log first.</summary>
        public Task<string> Said() => _said.Task.WaitAsync(Patience);

        public async Task<IConnection> Call(TcpTls? tls)
        {
            using var limit = new CancellationTokenSource(Patience);
            return await new TcpTransport(tls).Dial(
                new Dialling(Cluster, SiloAddress.New(IPAddress.Loopback, 1, 10), _self, _endpoint, ConnectionPurpose.Control, ""), limit.Token);
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _said.TrySetResult(formatter(state, exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose() => _door.Dispose();

        static int FreePort()
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            return ((IPEndPoint)probe.LocalEndpoint).Port;
        }
    }
}
