using System.Text;
using Tributary.Grains.Platform.Sessions;

namespace Tributary.Fuzz.Targets;

/// <summary>API sessions: what nobody signed is none; and plain text that we sign ourselves comes back, whatever is in it.</summary>
[FuzzTarget("ks")]
static class KsTarget
{
    static readonly string[] Secrets = ["a secret that no input knows"];

    public static void Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.Latin1.GetString(input);
        _ = Ks.TryReadPartner(text, out _);
        Holds.That(!Ks.TryParse(text, Secrets, out _), "A session is taken that nobody signed.");

        // The second form, with this as user and privileges.
        var user = new string([.. text.Where(letter => letter is > ' ' and < '\u007f' and not ',').Take(200)]);
        var signed = KsV2.Sign(new Ks { Partner = 102, ValidUntil = 1, Type = 2, User = user, Privileges = "x:" + user }, Secrets[0], new byte[16]);
        Holds.That(Ks.TryParse(signed, Secrets, out var ks) && ks.User == user, "A session that was signed is not read as it was.");
    }
}
