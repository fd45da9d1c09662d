using System.Net;
using System.Text;
using Tributary.Grains.Access;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Fuzz.Targets;

/// <summary>
/// Queries with tokens: nothing throws, a token that was read is the same when it is written and signed again, none is valid without the key, and no
/// query is shown with a secret in it.
/// </summary>
[FuzzTarget("token-query")]
static class TokenQueryTarget
{
    static readonly byte[] Key = "a secret that no input of this target can know"u8.ToArray();
    static readonly Dictionary<string, byte[]> Keys = new() { ["k"] = Key };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var query = Encoding.Latin1.GetString(input);
        var token = Credentials.Read(query, "").Token;
        var use = new TokenUse(AccessAction.Play, "studio", IPAddress.Loopback, DateTimeOffset.FromUnixTimeSeconds(1_000_000_000), TimeSpan.Zero);
        Holds.That(SignedToken.Verify(token, Keys, use, out _) != TokenVerdict.Valid, "A token without our signature is let in.");
        if (SignedToken.TryParse(token, out var read, out _))
        {
            Holds.That(SignedToken.TryParse(read.Sign(Key), out var again, out _) && again == read, "A token does not survive being written.");
        }

        var shown = QueryText.Redact(query);
        Holds.That(QueryText.Redact(shown) == shown, "What was redacted is not what is shown.");
        if (query.IndexOfAny([' ', '"', '\'', '<', '>', '#', ';', '\t', '\r', '\n']) < 0 && QueryText.Find(shown, "token") is { Length: > 0 } left)
        {
            Holds.That(left.StartsWith("***", StringComparison.Ordinal), "A token is shown.");
        }
    }
}
