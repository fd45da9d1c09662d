using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Tributary.Ingest.Publishing;

/// <summary>Decides whether a credential opens a stream for publishing. Comparisons take the same time whatever differs.</summary>
public sealed class PublishKeys(IOptionsMonitor<PublishOptions> options)
{
    /// <summary>Whether the encoder may publish; if not, <paramref name="sentence"/> says what is missing without saying what was given.</summary>
    public bool Opens(PublishTarget target, out string sentence)
    {
        var rules = options.CurrentValue;
        var hasOwnKey = rules.Keys.TryGetValue(target.StreamName, out var own) && own.Length > 0;
        if (!string.IsNullOrEmpty(target.Key) && (hasOwnKey && Same(own!, target.Key) || rules.Key.Length > 0 && Same(rules.Key, target.Key)))
        {
            sentence = "";
            return true;
        }

        if (!string.IsNullOrEmpty(target.Key) && (hasOwnKey || rules.Key.Length > 0))
        {
            sentence = $"The key for stream '{target.StreamName}' is wrong.";
            return false;
        }

        sentence = hasOwnKey
            ? $"Stream '{target.StreamName}' needs its key: publish as NAME?key=SECRET."
            : $"Publishing '{target.StreamName}' from {target.Remote.Address} needs a key (Publish:Anonymous is {rules.Anonymous}).";
        return !hasOwnKey && rules.Anonymous switch
        {
            AnonymousPublishing.Always => true,
            AnonymousPublishing.Loopback => IPAddress.IsLoopback(Unmapped(target.Remote.Address)),
            _ => false,
        };
    }

    static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    static bool Same(string expected, string given) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(expected)), SHA256.HashData(Encoding.UTF8.GetBytes(given)));
}
