using System.Net;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;

namespace Tributary.Grains.Platform.Playback;

/// <summary>Who asks to play something, and from where.</summary>
public sealed record Viewer(Caller Caller, string Ip, string Referrer, string UserAgent, string Country, string Context = "1");

/// <summary>What the rules say: nothing, or what applies and why.</summary>
public sealed record AccessVerdict(bool Blocked, IReadOnlyList<PlatformObject> Actions, IReadOnlyList<PlatformObject> Messages)
{
    public static AccessVerdict Free { get; } = new(false, [], []);
}

/// <summary>When an entry may be played, in Unix seconds, and the rules of its profile.</summary>
public sealed record EntryRules(long? Start, long? End, IReadOnlyList<PlatformObject> Rules)
{
    public AccessVerdict Judge(Viewer viewer, long now) => Start > now || End < now
        ? new AccessVerdict(true, [new PlatformObject("AccessControlBlockAction") { { "type", "1" } }], [AccessRules.Message("SCHEDULED_RESTRICTED", "This content is not scheduled for now")])
        : AccessRules.Judge(Rules, viewer);
}

/// <summary>
/// An entry's access rules. A rule applies where all its conditions are fulfilled; then its actions do. A condition that cannot be decided here (a country
/// without a source of countries) is not fulfilled as it stands, and fulfilled where it is turned round: so a block by "not in these countries" blocks.
/// Administrators and sessions with <c>sview</c> are asked nothing.
/// </summary>
public sealed class AccessRules(Objects objects)
{
    public async Task<AccessVerdict> Judge(PlatformObject entry, Viewer viewer)
    {
        if (viewer.Caller.IsAdmin || viewer.Caller.Rights.Allows("sview", entry.Text("id")))
        {
            return AccessVerdict.Free;
        }

        return (await RulesOf(entry)).Judge(viewer, objects.Now);
    }

    /// <summary>The rules as they are now, for who judges many viewers by them.</summary>
    public async Task<EntryRules> RulesOf(PlatformObject entry)
    {
        var profile = await objects.Store.Read("accessControl", entry.Text("accessControlId"));
        return new EntryRules(
            entry.Has("startDate") ? entry.Long("startDate") : null, entry.Has("endDate") ? entry.Long("endDate") : null, profile is null ? [] : [.. profile.Value.Objects("rules")]);
    }

    public static AccessVerdict Judge(IReadOnlyList<PlatformObject> rules, Viewer viewer)
    {
        var (actions, messages) = (new List<PlatformObject>(), new List<PlatformObject>());
        foreach (var rule in rules.Where(rule => Concerns(rule, viewer) && rule.Objects("conditions").All(condition => Holds(condition, viewer) != condition.Truth("not"))))
        {
            actions.AddRange(rule.Objects("actions").Select(Typed));
            if (rule.Has("message") || rule.Has("code"))
            {
                messages.Add(Message(rule.Text("code"), rule.Text("message")));
            }

            if (rule.Truth("stopProcessing"))
            {
                break;
            }
        }

        return new AccessVerdict(actions.Any(action => action.Type == "AccessControlBlockAction"), actions, messages);
    }

    internal static PlatformObject Message(string code, string message) => new("AccessControlMessage") { { "message", message }, { "code", code } };

    // Without contexts a rule is for all.
    static bool Concerns(PlatformObject rule, Viewer viewer) =>
        !rule.Objects("contexts").Any() || rule.Objects("contexts").Any(context => context.Text("type") == viewer.Context);

    static PlatformObject Typed(PlatformObject action)
    {
        var shown = action.Copy();
        shown["type"] = action.Type switch
        {
            "AccessControlBlockAction" => "1", "AccessControlPreviewAction" => "2", "AccessControlLimitFlavorsAction" => "3", "AccessControlLimitDeliveryProfilesAction" => "5",
            "AccessControlServeRemoteEdgeServerAction" => "6", "AccessControlDrmPolicyAction" => "drm.DRM_POLICY", _ => action.Text("type"),
        };
        return shown;
    }

    static bool Holds(PlatformObject condition, Viewer viewer)
    {
        string[] values = [.. condition.Objects("values").Select(value => value.Text("value"))];
        return condition.Type switch
        {
            "CountryCondition" => values.Contains(viewer.Country, StringComparer.OrdinalIgnoreCase),
            "IpAddressCondition" => values.Any(range => Contains(range, viewer.Ip)),
            "SiteCondition" => values.Any(site => IsOf(viewer.Referrer, site)),
            "UserAgentCondition" => values.Any(part => viewer.UserAgent.Contains(part, StringComparison.OrdinalIgnoreCase)),
            "AuthenticatedCondition" => condition.Objects("privileges").Select(privilege => privilege.Text("value")).DefaultIfEmpty("sview")
                .Any(privilege => viewer.Caller.Rights.IsAll || viewer.Caller.Rights.Names(privilege)),
            _ => false,
        };
    }

    /// <summary>Whether an address is in a range: one address, <c>a-b</c>, or <c>a/bits</c>.</summary>
    public static bool Contains(string range, string ip)
    {
        if (!IPAddress.TryParse(ip, out var address))
        {
            return false;
        }

        if (IPNetwork.TryParse(range, out var network))
        {
            return network.Contains(address);
        }

        var ends = range.Split('-', 2);
        return ends.Length == 2 && IPAddress.TryParse(ends[0].Trim(), out var first) && IPAddress.TryParse(ends[1].Trim(), out var last)
            ? Compare(first, address) <= 0 && Compare(address, last) <= 0
            : IPAddress.TryParse(range, out var one) && one.Equals(address);
    }

    static int Compare(IPAddress left, IPAddress right) => left.GetAddressBytes().AsSpan().SequenceCompareTo(right.GetAddressBytes());

    // A site is a host, or everything below it.
    static bool IsOf(string referrer, string site)
    {
        var host = Uri.TryCreate(referrer, UriKind.Absolute, out var uri) ? uri.Host : referrer.Split('/')[0];
        var wanted = site.TrimStart('*', '.');
        return wanted.Length > 0 && (host.Equals(wanted, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + wanted, StringComparison.OrdinalIgnoreCase));
    }
}
