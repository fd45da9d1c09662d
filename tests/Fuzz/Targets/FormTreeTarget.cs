using System.Text;
using Tributary.Gateway.ApiV3;
using Tributary.Grains.Platform.Model;

namespace Tributary.Fuzz.Targets;

/// <summary>Names of forms: whatever they are, the tree stays within its limits, and the schema binds it or says what is wrong.</summary>
[FuzzTarget("form-tree")]
static class FormTreeTarget
{
    const int MaxValues = 200;
    static readonly Binder Binder = new(Schema.Instance, TimeProvider.System);
    static readonly ActionType Add = Schema.Instance.FindService("livestream")!.Actions["add"];

    public static void Run(ReadOnlySpan<byte> input)
    {
        var tree = new FormTree(MaxValues);
        foreach (var pair in Encoding.UTF8.GetString(input).Split('&'))
        {
            var parts = pair.Split('=', 2);
            if (!tree.TryAdd(parts[0], parts.Length > 1 ? parts[1] : ""))
            {
                break;
            }
        }

        Holds.That(Count(tree.Root, 0) <= MaxValues, "A form holds more values than it may.");
        try
        {
            var bound = Binder.Parameters(Add, tree.Root, new HashSet<string>());
            var entry = bound.Object("liveStreamEntry");
            Holds.That(entry is not null && Schema.Instance.Object(entry.Type).Is("LiveStreamEntry"), "An object is bound to a type that it may not have.");
            Holds.That(entry!.All(property => Schema.Instance.Object(entry!.Type).Find(property.Key) is { IsReadOnly: false }), "A property is bound that a client may not set.");
        }
        catch (PlatformException)
        {
            // What a client is told.
        }
    }

    static int Count(RawMap map, int depth)
    {
        Holds.That(depth <= JsonTree.MaxDepth, "A form is deeper than it may be.");
        return map.Values.Sum(value => value is RawMap child ? 1 + Count(child, depth + 1) : 1);
    }
}
