using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// Names of forms and queries as trees: <c>filter:hostNameLike=x</c> and <c>filter[hostNameLike]=x</c> are the same. The last of two equal names wins, so
/// a client that says everything twice says it once.
/// </summary>
sealed class FormTree(int maxValues)
{
    int _left = maxValues;

    public RawMap Root { get; } = [];

    /// <summary>False: there are too many, or a name is too deep.</summary>
    public bool TryAdd(string name, string value)
    {
        if (--_left < 0)
        {
            return false;
        }

        var path = Split(name);
        if (path.Length > JsonTree.MaxDepth)
        {
            return false;
        }

        var map = Root;
        foreach (var step in path[..^1])
        {
            if (map.TryGetValue(step, out var next) && next is RawMap child)
            {
                map = child;
                continue;
            }

            if (--_left < 0)
            {
                return false;
            }

            var made = new RawMap();
            map[step] = made;
            map = made;
        }

        if (!(map.TryGetValue(path[^1], out var there) && there is RawMap))
        {
            map[path[^1]] = value;
        }

        return true;
    }

    // a[b][c] is a:b:c. A name without either is itself, whatever else it holds.
    static string[] Split(string name)
    {
        if (name.EndsWith(']') && name.IndexOf('[') is > 0 and var open)
        {
            return [name[..open], .. name[(open + 1)..^1].Split("][", JsonTree.MaxDepth + 1)];
        }

        return name.Split(':', JsonTree.MaxDepth + 1);
    }
}
