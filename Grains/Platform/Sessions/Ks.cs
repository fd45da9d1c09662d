using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tributary.Grains.Platform.Sessions;

/// <summary>Who a session is for. One and above count as administrators.</summary>
public enum SessionType
{
    User = 0,
    Admin = 2,
}

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

#pragma warning disable CA5350 // SHA-1 is what the form of a session is made of.

/// <summary>The first form: readable, and signed.</summary>
public static class KsV1
{
    const int HashLength = 40;

    public static string Sign(Ks ks, string secret, string random)
    {
        var partner = ks.Partner.ToString(CultureInfo.InvariantCulture);
        var info = string.Join(';', partner, partner, ks.ValidUntil.ToString(CultureInfo.InvariantCulture), ks.Type.ToString(CultureInfo.InvariantCulture), random, ks.User, ks.Privileges);
        if (ks.MasterPartner is { } master)
        {
            info = $"{info};{master.ToString(CultureInfo.InvariantCulture)};{ks.AdditionalData}";
        }

        return Convert.ToBase64String(Encoding.UTF8.GetBytes($"{HashOf(secret, info)}|{info}"));
    }

    public static bool TryReadPartner(string text, out int partner)
    {
        partner = 0;
        return TrySplit(text, out _, out _, out var fields) && int.TryParse(fields[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out partner);
    }

    public static bool TryParse(string text, IReadOnlyList<string> secrets, out Ks ks)
    {
        ks = null!;
        if (!TrySplit(text, out var hash, out var info, out var fields) || !secrets.Any(secret => Same(HashOf(secret, info), hash)))
        {
            return false;
        }

        string Field(int at) => at < fields.Length ? fields[at] : "";
        if (!int.TryParse(fields[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var partner)
            || !long.TryParse(fields[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var until))
        {
            return false;
        }

        ks = new Ks
        {
            Partner = partner,
            ValidUntil = until,
            Type = int.TryParse(Field(3), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var type) ? type : 0,
            User = Field(5),
            Privileges = Field(6),
            MasterPartner = int.TryParse(Field(7), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var master) ? master : null,
            AdditionalData = Field(8),
            Hash = hash,
        };
        return true;
    }

    static bool TrySplit(string text, out string hash, out string info, out string[] fields)
    {
        (hash, info, fields) = ("", "", []);
        if (!Ks.TryDecode(text, urlSafe: false, out var bytes))
        {
            return false;
        }

        var plain = Encoding.UTF8.GetString(bytes);
        var bar = plain.IndexOf('|', StringComparison.Ordinal);
        if (bar != HashLength)
        {
            return false;
        }

        (hash, info) = (plain[..bar], plain[(bar + 1)..]);
        fields = info.Split(';');
        return fields.Length >= 3;
    }

    static string HashOf(string secret, string info) => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(secret + info)));

    static bool Same(string left, string right) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}

/// <summary>
/// The second form: encrypted with a key from the partner's secret. The partner itself stands before that in the clear, so partners that share a secret
/// share their sessions.
/// </summary>
public static class KsV2
{
    const int HashLength = 20, RandomLength = 16, BlockLength = 16;

    public static string Sign(Ks ks, string secret, ReadOnlySpan<byte> random)
    {
        var fields = Encoding.UTF8.GetBytes(Fields(ks));
        var plain = new byte[(HashLength + RandomLength + fields.Length + BlockLength - 1) / BlockLength * BlockLength];
        random[..RandomLength].CopyTo(plain.AsSpan(HashLength));
        fields.CopyTo(plain.AsSpan(HashLength + RandomLength));
        SHA1.HashData(plain.AsSpan(HashLength, RandomLength + fields.Length), plain);
        using var aes = Aes.Create();
        aes.Key = KeyOf(secret);
        var cipher = aes.EncryptCbc(plain, new byte[BlockLength], PaddingMode.None);
        var head = Encoding.ASCII.GetBytes($"v2|{ks.Partner.ToString(CultureInfo.InvariantCulture)}|");
        return Convert.ToBase64String([.. head, .. cipher]).Replace('+', '-').Replace('/', '_');
    }

    public static bool TryReadPartner(string text, out int partner) => TrySplit(text, out partner, out _);

    public static bool TryParse(string text, IReadOnlyList<string> secrets, out Ks ks)
    {
        ks = null!;
        if (!TrySplit(text, out var partner, out var cipher) || cipher.Length < HashLength + RandomLength || cipher.Length % BlockLength != 0)
        {
            return false;
        }

        foreach (var secret in secrets)
        {
            if (TryDecrypt(cipher, secret, out var hash, out var fields) && TryRead(partner, hash, fields, out ks))
            {
                return true;
            }
        }

        return false;
    }

    static bool TryDecrypt(byte[] cipher, string secret, out string hash, out string fields)
    {
        using var aes = Aes.Create();
        aes.Key = KeyOf(secret);
        var plain = aes.DecryptCbc(cipher, new byte[BlockLength], PaddingMode.None).AsSpan();
        plain = plain.TrimEnd((byte)0);
        (hash, fields) = ("", "");
        if (plain.Length < HashLength + RandomLength
            || !CryptographicOperations.FixedTimeEquals(SHA1.HashData(plain[HashLength..]), plain[..HashLength]))
        {
            return false;
        }

        hash = Convert.ToHexStringLower(plain[..HashLength]);
        fields = Encoding.UTF8.GetString(plain[(HashLength + RandomLength)..]);
        return true;
    }

    // Privileges first, then the fields that begin with an underscore.
    static bool TryRead(int partner, string hash, string query, out Ks ks)
    {
        var (privileges, own) = (new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            var (name, value) = (Unescape(parts[0]), parts.Length > 1 ? Unescape(parts[1]) : "");
            if (name is "_e" or "_t" or "_u" or "_m" or "_d")
            {
                own[name] = value;
            }
            else
            {
                privileges.Add(name == "all" && value == "*" ? "*" : value.Length > 0 ? $"{name}:{value}" : name);
            }
        }

        ks = new Ks
        {
            Partner = partner,
            ValidUntil = long.TryParse(own.GetValueOrDefault("_e"), CultureInfo.InvariantCulture, out var until) ? until : 0,
            Type = int.TryParse(own.GetValueOrDefault("_t"), CultureInfo.InvariantCulture, out var type) ? type : 0,
            User = own.GetValueOrDefault("_u", ""),
            Privileges = string.Join(',', privileges),
            MasterPartner = int.TryParse(own.GetValueOrDefault("_m"), CultureInfo.InvariantCulture, out var master) ? master : null,
            AdditionalData = own.GetValueOrDefault("_d", ""),
            Hash = hash,
        };
        return true;
    }

    static bool TrySplit(string text, out int partner, out byte[] cipher)
    {
        (partner, cipher) = (0, []);
        if (!Ks.TryDecode(text, urlSafe: true, out var bytes) || !bytes.AsSpan().StartsWith("v2|"u8))
        {
            return false;
        }

        var end = bytes.AsSpan(3).IndexOf((byte)'|');
        if (end < 0 || !int.TryParse(Encoding.ASCII.GetString(bytes, 3, end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out partner))
        {
            return false;
        }

        cipher = bytes[(3 + end + 1)..];
        return true;
    }

    static string Fields(Ks ks)
    {
        var fields = new List<string>();
        foreach (var privilege in ks.Privileges.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = (privilege == "*" ? "all:*" : privilege).Split(':', 2);
            fields.Add($"{Escape(parts[0])}={Escape(parts.Length > 1 ? parts[1] : "")}");
        }

        fields.Add($"_e={ks.ValidUntil.ToString(CultureInfo.InvariantCulture)}");
        fields.Add($"_t={ks.Type.ToString(CultureInfo.InvariantCulture)}");
        fields.Add($"_u={Escape(ks.User)}");
        if (ks.MasterPartner is { } master)
        {
            fields.Add($"_m={master.ToString(CultureInfo.InvariantCulture)}");
            fields.Add($"_d={Escape(ks.AdditionalData)}");
        }

        return string.Join('&', fields);
    }

    // As forms do it: space is a plus, and everything outside letters, digits, '_', '.' and '-' is %XX.
    static string Escape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal).Replace("~", "%7E", StringComparison.Ordinal);

    static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    static byte[] KeyOf(string secret) => SHA1.HashData(Encoding.UTF8.GetBytes(secret))[..16];
}
