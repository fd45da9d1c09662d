using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Calls;

/// <summary>A partner as every call needs it: its secrets, its permissions, its limits.</summary>
public sealed class Account(PlatformObject value, IReadOnlySet<string> permissions)
{
    public PlatformObject Value => value;

    public int Id => value.Int("id");

    /// <summary>For sessions of administrators; the first one signs.</summary>
    public string[] AdminSecrets { get; } = value.Words("adminSecret");

    public string[] UserSecrets { get; } = value.Words("secret");

    public string[] AllSecrets { get; } = [.. value.Words("adminSecret"), .. value.Words("secret")];

    public bool IsBlocked => value.Int("status", 1) != 1;

    public bool Has(string permission) => permissions.Contains(permission);

    public IReadOnlySet<string> Permissions => permissions;

    public override string ToString() => $"partner {Id}";   // no secret
}

/// <summary>The partners, remembered for <see cref="PlatformOptions.RevocationAge"/>.</summary>
public sealed class Partners(IObjectStore store, IOptions<PlatformOptions> options, TimeProvider time)
{
    public const int Batch = -1, Console = -2, MediaServers = -5, Platform = 0, Template = 99;

    const int Most = 10_000;

    readonly ConcurrentDictionary<int, (Account? Account, long ReadAt)> _known = new();

    /// <summary>Null: there is no such partner.</summary>
    public async ValueTask<Account?> Find(int partner)
    {
        if (_known.TryGetValue(partner, out var known) && time.GetElapsedTime(known.ReadAt) < options.Value.RevocationAge)
        {
            return known.Account;
        }

        var readAt = time.GetTimestamp();
        var stored = await store.Read("partner", partner.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var account = stored is null ? null : new Account(stored.Value, await PermissionsOf(partner));
        if (_known.Count > Most)
        {
            _known.Clear();
        }

        _known[partner] = (account, readAt);
        return account;
    }

    public void Forget(int partner) => _known.TryRemove(partner, out _);

    async Task<IReadOnlySet<string>> PermissionsOf(int partner) =>
        (await store.All("permission", partner, Test.Equal("status", 1))).Select(stored => stored.Value.Text("name")).ToHashSet(StringComparer.Ordinal);
}
