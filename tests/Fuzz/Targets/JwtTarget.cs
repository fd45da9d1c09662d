using System.Net;
using System.Text;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Fuzz.Targets;

/// <summary>JSON Web Tokens: nothing throws, nothing is let in without a signature of the key, and what is signed is what stood in the text.</summary>
[FuzzTarget("jwt")]
static class JwtTarget
{
    static readonly JsonWebKeys Keys = new([JsonWebKey.Secret("", Encoding.UTF8.GetBytes("a secret that no input of this target can know"))!]);
    static readonly TokenUse Use = new(AccessAction.Play, "studio", IPAddress.Loopback, DateTimeOffset.FromUnixTimeSeconds(1_000_000_000), TimeSpan.FromMinutes(1));

    public static void Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.Latin1.GetString(input);
        Holds.That(new JwtRules().Verify(text, Keys, Use, out _) != TokenVerdict.Valid, "A token without our signature is let in.");
        if (Jwt.TryParse(text, out var jwt))
        {
            Holds.That(jwt.Algorithm.Length > 0, "A token has no algorithm.");
            Holds.That(text.StartsWith(Encoding.ASCII.GetString(jwt.Signed) + ".", StringComparison.Ordinal), "What is signed is not what stood there.");
        }

        if (JsonWebKeys.TryParse(input.ToArray(), out var set))
        {
            Holds.That(set.All.All(static key => key.Algorithm is "HS256" or "RS256" or "ES256"), "A key is for no algorithm that is known.");
        }
    }
}
