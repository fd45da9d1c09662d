using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tributary.Grains.Platform.Sessions;

#pragma warning disable CA5350 // SHA-1 is what the form of a session is made of.

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
