using System.Reflection;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Calls;

/// <summary>What media servers (partner −5) may call, and which of it a partner may that is its own media server.</summary>
public sealed class MediaServerRights
{
    readonly Dictionary<string, HashSet<string>> _rights = new(StringComparer.OrdinalIgnoreCase);

    MediaServerRights()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Platform/media-server.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                var words = line.Split(' ');
                _rights[$"{words[0]}.{words[1]}"] = [.. words[2..]];
            }
        }
    }

    public static MediaServerRights Instance { get; } = new();

    /// <summary>Whether partner −5 may call it, for itself or for another partner.</summary>
    public bool Allows(ActionType action, bool forAnother)
    {
        var rights = Of(action);
        return rights is not null && (forAnother ? rights.Contains("impersonate") : rights.Count > 0);   // alone it sees what it may see for each partner
    }

    /// <summary>Whether a partner with MEDIA_SERVER_PARTNER_LEVEL may call it.</summary>
    public bool AllowsPartner(ActionType action) => Of(action)?.Contains("partner") == true;

    HashSet<string>? Of(ActionType action) => _rights.GetValueOrDefault($"{action.Service}.{action.Name}");
}
