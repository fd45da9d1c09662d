using System.Net;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Access;

/// <summary>
/// Addresses that try one key or token after another. An encoder that is set up wrongly tries the same one for ever: that is one failure, so it shuts
/// out nobody else behind its address.
/// </summary>
public sealed class Lockout(IOptions<AccessOptions> options, AccessMetrics metrics, TimeProvider time)
{
    readonly Dictionary<AddressRange, Suspect> _suspects = [];
    readonly Lock _gate = new();

    /// <summary>How long the address is refused; zero where it is not.</summary>
    public TimeSpan Left(IPAddress address)
    {
        lock (_gate)
        {
            return _suspects.TryGetValue(AddressRange.OfCustomer(address), out var suspect) && suspect.LockedAt is { } since
                && options.Value.Lockout.For - time.GetElapsedTime(since) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Counts a credential that was wrong.</summary>
    public void Failed(IPAddress address, string credential)
    {
        var rules = options.Value.Lockout;
        if (rules.Failures == 0)
        {
            return;
        }

        metrics.Failed();
        lock (_gate)
        {
            var customer = AddressRange.OfCustomer(address);
            if (!_suspects.TryGetValue(customer, out var suspect) || time.GetElapsedTime(suspect.Since) > (suspect.LockedAt is null ? rules.Within : rules.For))
            {
                MakeRoom(rules);
                _suspects[customer] = suspect = new Suspect(time.GetTimestamp());
            }

            // Hash codes are enough to tell them apart, and are nobody's secret.
            if (suspect.Tried.Add(string.GetHashCode(credential, StringComparison.Ordinal)) && suspect.Tried.Count >= rules.Failures && suspect.LockedAt is null)
            {
                suspect.LockedAt = suspect.Since = time.GetTimestamp();
                metrics.LockedOut();
            }
        }
    }

    void MakeRoom(AccessLockout rules)
    {
        if (_suspects.Count < rules.MaxAddresses)
        {
            return;
        }

        foreach (var (customer, _) in _suspects.OrderBy(static pair => pair.Value.Since).Take(Math.Max(1, rules.MaxAddresses / 10)).ToList())
        {
            _suspects.Remove(customer);
        }
    }

    sealed class Suspect(long since)
    {
        public long Since { get; set; } = since;

        public long? LockedAt { get; set; }

        public HashSet<int> Tried { get; } = [];
    }
}
