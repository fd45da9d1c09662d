using System.Globalization;

namespace Tributary.Grains.Platform.Sessions;

/// <summary>
/// An API session (KS) in the clear: signed by a partner's secret, in one of two forms. Version 1 is
/// <c>base64(hex(sha1(secret + info)) | info)</c> with the fields of info split by semicolons; version 2 is
/// <c>base64url(v2|partner|AES-128-CBC(sha1(rest) + rest))</c>, where rest is 16 random bytes and a form-encoded string.
/// </summary>
public sealed record Ks
{
    public required int Partner { get; init; }

    /// <summary>Unix seconds.</summary>
    public required long ValidUntil { get; init; }

    public required int Type { get; init; }

    public string User { get; init; } = "";

    public string Privileges { get; init; } = "";

    /// <summary>The partner that asked for a session of this one.</summary>
    public int? MasterPartner { get; init; }

    public string AdditionalData { get; init; } = "";

    /// <summary>What tells sessions apart: the hash that signs it, in lower hexadecimal.</summary>
    public string Hash { get; init; } = "";

    public bool IsAdmin => Type >= 1;

    Privileges? _rights;

    public Privileges Rights => _rights ??= Sessions.Privileges.Parse(Privileges);

    // Neither the user's privileges nor anything that could be sent again.
    public override string ToString() => $"session of partner {Partner.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The partner that a session claims to be of, before anything is verified. False: it is no session.</summary>
    public static bool TryReadPartner(string text, out int partner) =>
        KsV2.TryReadPartner(text, out partner) || KsV1.TryReadPartner(text, out partner);

    /// <summary>Reads and verifies a session against each of a partner's secrets.</summary>
    public static bool TryParse(string text, IReadOnlyList<string> secrets, out Ks ks) =>
        KsV2.TryParse(text, secrets, out ks) || KsV1.TryParse(text, secrets, out ks);

    internal static bool TryDecode(string text, bool urlSafe, out byte[] bytes)
    {
        bytes = [];
        if (text.Length is 0 or > 8_192)
        {
            return false;
        }

        var standard = urlSafe ? text.Replace('-', '+').Replace('_', '/') : text;
        standard = standard.TrimEnd('=');
        if (standard.Length % 4 == 1)
        {
            return false;
        }

        bytes = new byte[standard.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64String(standard.PadRight((standard.Length + 3) / 4 * 4, '='), bytes, out var length))
        {
            return false;
        }

        Array.Resize(ref bytes, length);
        return true;
    }
}
