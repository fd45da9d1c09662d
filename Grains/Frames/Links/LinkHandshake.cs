using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;

namespace Tributary.Grains.Frames.Links;

/// <summary>
/// How two hosts show each other that they know the cluster's secret, without sending it. Each sends 8 bytes of magic and version and 32 random
/// ones, then HMAC-SHA256 over its role, both nonces and what the connection is bound to (<see cref="LinkTls"/>); who cannot check the other's closes.
/// A recording of it is worth nothing later.
/// </summary>
static class LinkHandshake
{
    const int NonceLength = 32;
    const int ProofLength = HMACSHA256.HashSizeInBytes;
    static readonly byte[] Magic = "TRBLINK\u0001"u8.ToArray();

    public static Task<bool> AsServer(IDuplexPipe pipe, string secret, byte[] binding, CancellationToken cancellation) =>
        Run(pipe, secret, binding, "server", "client", cancellation);

    public static Task<bool> AsClient(IDuplexPipe pipe, string secret, byte[] binding, CancellationToken cancellation) =>
        Run(pipe, secret, binding, "client", "server", cancellation);

    static async Task<bool> Run(IDuplexPipe pipe, string secret, byte[] binding, string self, string other, CancellationToken cancellation)
    {
        var ours = RandomNumberGenerator.GetBytes(NonceLength);
        await pipe.Output.WriteAsync((byte[])[.. Magic, .. ours], cancellation);
        var greeting = await Read(pipe.Input, Magic.Length + NonceLength, cancellation);
        if (greeting is null || !greeting.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            return false;
        }

        var theirs = greeting[Magic.Length..];
        await pipe.Output.WriteAsync(Proof(secret, self, ours, theirs, binding), cancellation);
        var proof = await Read(pipe.Input, ProofLength, cancellation);
        return proof is not null && CryptographicOperations.FixedTimeEquals(proof, Proof(secret, other, theirs, ours, binding));
    }

    static byte[] Proof(string secret, string role, byte[] own, byte[] other, byte[] binding) =>
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), (byte[])[.. Encoding.ASCII.GetBytes(role), .. own, .. other, .. binding]);

    static async Task<byte[]?> Read(PipeReader input, int length, CancellationToken cancellation)
    {
        var read = await input.ReadAtLeastAsync(length, cancellation);
        if (read.Buffer.Length < length)
        {
            return null;
        }

        var bytes = read.Buffer.Slice(0, length);
        var copy = bytes.ToArray();
        input.AdvanceTo(bytes.End);
        return copy;
    }
}
