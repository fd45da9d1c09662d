using System.Text.Json;
using Tributary.Grains.Platform.Sessions;

namespace Tributary.Unit.Platform;

/// <summary>Sessions against vectors: signed by other implementations of the form, byte for byte.</summary>
public sealed class KsTests
{
    static readonly JsonDocument Vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Platform/ks-vectors.json")));

    public static TheoryData<string> Valid => [.. Vectors.RootElement.GetProperty("valid").EnumerateArray().Select(vector => vector.GetProperty("id").GetString()!)];

    public static TheoryData<string> Invalid => [.. Vectors.RootElement.GetProperty("invalid").EnumerateArray().Select(vector => vector.GetProperty("id").GetString()!)];

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_session_of_the_vectors_is_read_as_it_was_written(string id)
    {
        var vector = Find("valid", id);
        Assert.True(Ks.TryParse(vector.GetProperty("ks").GetString()!, [vector.GetProperty("secret").GetString()!], out var ks));
        Assert.Equal(vector.GetProperty("partner").GetInt32(), ks.Partner);
        Assert.Equal(vector.GetProperty("validUntil").GetInt64(), ks.ValidUntil);
        Assert.Equal(vector.GetProperty("type").GetInt32(), ks.Type);
        Assert.Equal(vector.GetProperty("user").GetString(), ks.User);
        Assert.Equal(vector.GetProperty("privileges").GetString(), ks.Privileges);
        Assert.Equal(vector.GetProperty("hash").GetString(), ks.Hash);
        Assert.Equal(vector.TryGetProperty("master", out var master) ? master.GetInt32() : (int?)null, ks.MasterPartner);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Signing_gives_the_bytes_of_the_vector(string id)
    {
        var vector = Find("valid", id);
        if (!vector.TryGetProperty("random", out var random))
        {
            return;   // only read
        }

        var (text, secret) = (vector.GetProperty("ks").GetString()!, vector.GetProperty("secret").GetString()!);
        Assert.True(Ks.TryParse(text, [secret], out var ks));
        Assert.Equal(text, id.StartsWith("v1", StringComparison.Ordinal) ? KsV1.Sign(ks, secret, random.GetString()!) : KsV2.Sign(ks, secret, Convert.FromHexString(random.GetString()!)));
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void What_is_no_session_is_refused(string id)
    {
        var vector = Find("invalid", id);
        Assert.False(Ks.TryParse(vector.GetProperty("ks").GetString()!, [.. vector.GetProperty("secrets").EnumerateArray().Select(secret => secret.GetString()!)], out _));
    }

    [Fact]
    public void Missing_padding_and_both_alphabets_are_taken()
    {
        var ks = new Ks { Partner = 102, ValidUntil = 2_000_000_000, Type = 2, User = "ü?>~", Privileges = "edit:*" };
        var text = KsV2.Sign(ks, "secret", new byte[16]);
        Assert.True(Ks.TryParse(text.TrimEnd('='), ["secret"], out var read));
        Assert.Equal("ü?>~", read.User);
    }

    [Fact]
    public void A_changed_byte_of_a_session_is_noticed()
    {
        var ks = new Ks { Partner = 102, ValidUntil = 2_000_000_000, Type = 0, User = "u", Privileges = "" };
        foreach (var text in new[] { KsV1.Sign(ks, "secret", "1"), KsV2.Sign(ks, "secret", new byte[16]) })
        {
            // The partner of the second form stands before what is signed: its secret alone protects it.
            var bytes = Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/'));
            for (var at = text.StartsWith("djJ8", StringComparison.Ordinal) ? "v2|102|".Length : 0; at < bytes.Length; at++)
            {
                var changed = bytes.ToArray();
                changed[at] ^= 1;
                Assert.False(
                    Ks.TryParse(Convert.ToBase64String(changed), ["secret"], out var read) && read with { Hash = "" } != ks with { Hash = "" },
                    $"byte {at} of {text[..8]}… makes another session");
            }
        }
    }

    [Theory]
    [InlineData(SessionFault.None, 999, "", "1.2.3.4", "/api_v3/service/x")]
    [InlineData(SessionFault.Expired, 1_000, "", "1.2.3.4", "/")]
    [InlineData(SessionFault.None, 999, "iprestrict:1.2.3.4/5.6.7.8", "5.6.7.8", "/")]
    [InlineData(SessionFault.ExceededRestrictedIp, 999, "iprestrict:1.2.3.4/5.6.7.8", "1.2.3.40", "/")]
    [InlineData(SessionFault.None, 999, "urirestrict:/api_v3/*|/p/1", "1.1.1.1", "/api_v3/service/session")]
    [InlineData(SessionFault.None, 999, "urirestrict:/api_v3/*|/p/1", "1.1.1.1", "/p/1")]
    [InlineData(SessionFault.ExceededRestrictedUri, 999, "urirestrict:/api_v3/*|/p/1", "1.1.1.1", "/p/12")]
    public void Time_address_and_uri_are_checked_in_order(SessionFault expected, long now, string privileges, string ip, string uri) =>
        Assert.Equal(expected, SessionCheck.Check(new Ks { Partner = 1, ValidUntil = 1_000, Type = 0, Privileges = privileges }, now, ip, uri));

    [Theory]
    [InlineData("*", "edit", "0_a", true)]
    [InlineData("all:*", "sview", "0_a", true)]
    [InlineData("edit:*", "edit", "0_a", true)]
    [InlineData("edit:0_b/0_a", "edit", "0_a", true)]
    [InlineData("edit:0_b", "edit", "0_a", false)]
    [InlineData("sview:*", "edit", "0_a", false)]
    public void A_privilege_is_for_all_for_a_list_or_for_one(string privileges, string name, string value, bool allowed) =>
        Assert.Equal(allowed, Privileges.Parse(privileges).Allows(name, value));

    [Fact]
    public void A_session_that_is_printed_shows_nothing_that_could_be_used() =>
        Assert.Equal("session of partner 7", new Ks { Partner = 7, ValidUntil = 1, Type = 2, User = "somebody", Privileges = "secretgroup", Hash = "abc" }.ToString());

    static JsonElement Find(string list, string id) => Vectors.RootElement.GetProperty(list).EnumerateArray().First(vector => vector.GetProperty("id").GetString() == id);
}
