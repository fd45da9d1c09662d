using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// How values look on the wire where that is not what their type says: real servers print type and status of entries as numbers, and some whole numbers
/// of assets as text; clients were written against that.
/// </summary>
static class WireValue
{
    static readonly HashSet<string> EntryNumbers = ["status", "type"];

    /// <summary>A property's value as it is written. Text enums that look like numbers are numbers for entries and rule actions.</summary>
    public static object? Of(PlatformObject owner, ObjectType? type, string name, object? value) => value switch
    {
        string text when EntryNumbers.Contains(name) && type is not null && PrintsNumbers(type) && long.TryParse(text, out var whole) => whole,
        string text when name == "deliveryProfileId" && long.TryParse(text, out var whole) => whole,
        long whole when name == "version" && owner.Type is "FlavorAsset" or "LiveAsset" && name == "version" => RawValue.Text(whole),
        _ => value,
    };

    static bool PrintsNumbers(ObjectType type) => type.Is("BaseEntry") || type.Is("RuleAction");

    /// <summary>Never both of the names by which the npm client knows an error, at the top of an answer that is none.</summary>
    public static bool LooksLikeError(PlatformObject value) => value.Has("code") && value.Has("message");
}
