using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tributary.Grains.Platform.Sessions;

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
