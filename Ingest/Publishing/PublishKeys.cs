using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;

namespace Tributary.Ingest.Publishing;

/// <summary>Decides whether a credential opens a stream for publishing. Comparisons take the same time whatever differs.</summary>
public sealed class PublishKeys(IOptionsMonitor<PublishOptions> options)
{
    /// <summary>Whether the encoder may publish by its key alone; if not, <paramref name="sentence"/> says what is missing without saying what was given.</summary>
    public bool Opens(PublishTarget target, out string sentence) => Judge(target, "", out sentence) is KeyVerdict.Right or KeyVerdict.Anonymous;

    /// <summary>
    /// What the encoder's key is worth. <paramref name="decided"/> is the hash of a key that an operator gave the stream, which stands for the configured
    /// one; empty: none.
    /// </summary>
    public KeyVerdict Judge(PublishTarget target, string decided, out string sentence)
    {
        var rules = options.CurrentValue;
        var own = decided.Length > 0 ? decided : rules.Keys.TryGetValue(target.StreamName, out var configured) && configured.Length > 0 ? Hash(configured) : "";
        var master = rules.Key.Length > 0 ? Hash(rules.Key) : "";
        sentence = "";
        if (!string.IsNullOrEmpty(target.Key) && (Same(own, target.Key) | Same(master, target.Key)))
        {
            return KeyVerdict.Right;
        }

        if (!string.IsNullOrEmpty(target.Key) && (own.Length > 0 || master.Length > 0))
        {
            sentence = $"The key for stream '{target.StreamName}' is wrong.";
            return KeyVerdict.Wrong;
        }

        if (own.Length == 0 && rules.Anonymous switch
        {
            AnonymousPublishing.Always => true,
            AnonymousPublishing.Loopback => IPAddress.IsLoopback(Unmapped(target.Remote.Address)),
            _ => false,
        })
        {
            return KeyVerdict.Anonymous;
        }

        sentence = own.Length > 0
            ? $"Stream '{target.StreamName}' needs its key: publish as NAME?key=SECRET."
            : $"Publishing '{target.StreamName}' from {target.Remote.Address} needs a key (Publish:Anonymous is {rules.Anonymous}).";
        return KeyVerdict.Missing;
    }

    /// <summary>How a key is kept: SHA-256 in hex.</summary>
    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    static bool Same(string expected, string given) => expected.Length > 0
        && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(Hash(given)));
}
