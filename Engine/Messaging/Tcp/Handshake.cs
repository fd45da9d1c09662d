using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;

namespace Orleans.Runtime;

/// <summary>What a connection is for; each has its own, so that a heartbeat never waits behind messages.</summary>
enum ConnectionPurpose
{
    Messages,
    Control,
    Client
}

/// <summary>Which cluster a process is of, and the secret that its members share (empty: none is asked for).</summary>
sealed record ClusterIdentity(string ClusterId, string ServiceId, string Secret);

sealed record Hello(string Cluster, string Service, string From, string To, ConnectionPurpose Purpose, string Nonce, string Client = "");

sealed record Answer(string Self, string? Refusal, string Nonce, string Proof);

sealed record Proof(string Value);

/// <summary>The other end is there and does not want this connection.</summary>
sealed class ConnectionRefusedException(string reason, SiloAddress? self) : IOException(reason)
{
    /// <summary>Who is there; another generation means that the one that was asked for is no more.</summary>
    public SiloAddress? Self => self;
}

/// <summary>
/// The first frames of a connection: who calls whom, of which cluster, for what; and each end's proof that it knows the secret: an HMAC over both ends' random
/// numbers and addresses.
/// </summary>
static class Handshake
{
    public static async Task Call(
        ClusterIdentity cluster, SiloAddress from, SiloAddress to, ConnectionPurpose purpose, string client, PipeReader input, PipeWriter output,
        CancellationToken cancellationToken)
    {
        var hello = new Hello(cluster.ClusterId, cluster.ServiceId, from.ToParsableString(), to.ToParsableString(), purpose, NewNonce(), client);
        await output.WriteAsync(Frames.Of(FrameType.Hello, hello), cancellationToken);
        var answer = await Frames.Read<Answer>(input, FrameType.Answer, cancellationToken);
        if (answer.Refusal is { } refusal)
        {
            throw new ConnectionRefusedException($"{to} refused the connection: {refusal}", SiloAddress.TryParse(answer.Self, out var self) ? self : null);
        }

        if (!Same(answer.Proof, Sign(cluster, "answer", hello, answer.Nonce)))
        {
            throw new ConnectionRefusedException($"{to} does not know the secret of the cluster.", null);
        }

        await output.WriteAsync(Frames.Of(FrameType.Proof, new Proof(Sign(cluster, "proof", hello, answer.Nonce))), cancellationToken);
    }

    /// <summary>The accepting end; <paramref name="refusal"/> says why a caller is not wanted, or null.</summary>
    public static async Task<Hello> Accept(
        ClusterIdentity cluster, SiloAddress self, PipeReader input, PipeWriter output, Func<Hello, string?> refusal, CancellationToken cancellationToken)
    {
        var hello = await Frames.Read<Hello>(input, FrameType.Hello, cancellationToken);
        var reason = hello.Cluster != cluster.ClusterId || hello.Service != cluster.ServiceId
            ? $"this is cluster {cluster.ClusterId} of service {cluster.ServiceId}"
            : !SiloAddress.TryParse(hello.From, out _) ? "the sender has no address"
            : hello.To != self.ToParsableString() ? $"this is {self}"
            : refusal(hello);
        var nonce = NewNonce();
        await output.WriteAsync(
            Frames.Of(FrameType.Answer, new Answer(self.ToParsableString(), reason, nonce, reason is null ? Sign(cluster, "answer", hello, nonce) : "")), cancellationToken);
        if (reason is not null)
        {
            throw new ConnectionRefusedException(reason, null);
        }

        var proof = await Frames.Read<Proof>(input, FrameType.Proof, cancellationToken);
        return Same(proof.Value, Sign(cluster, "proof", hello, nonce)) ? hello
            : throw new ConnectionRefusedException($"{hello.From} does not know the secret of the cluster", null);
    }

    static string Sign(ClusterIdentity cluster, string role, Hello hello, string nonce) => Convert.ToHexString(HMACSHA256.HashData(
        Encoding.UTF8.GetBytes(cluster.Secret), Encoding.UTF8.GetBytes($"{role}|{hello.Nonce}|{nonce}|{hello.From}|{hello.To}|{hello.Purpose}|{hello.Client}")));

    static bool Same(string one, string other) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    static string NewNonce() => Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
}
