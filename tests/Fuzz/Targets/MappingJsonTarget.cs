using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Fuzz.Targets;

/// <summary>Mappings: what is understood keeps the rules that packagers rely on.</summary>
[FuzzTarget("mapping-json")]
static class MappingJsonTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var json = input.ToArray();
        _ = MappingJson.TryReadClip(json, out _, out _, out _);
        if (!MappingJson.TryReadSet(json, "", out var set, out var failure, out var reason))
        {
            Holds.That(failure is MediaFailure.BadMapping or MediaFailure.BadRequest or MediaFailure.EmptyMapping && reason.EndsWith('.'), "A refusal says nothing.");
            return;
        }

        Holds.That(set.Sequences.Count is > 0 and <= MappingJson.MaxSequences, "A set of no sequence, or too many.");
        Holds.That(set.Durations.All(duration => duration > 0), "A clip without a length.");
        Holds.That(set.Sequences.All(sequence => sequence.Clips.Count == Math.Max(1, set.Durations.Count)), "Sequences that differ in clips.");
        Holds.That(set.PlaylistType == PlaylistType.Vod || set.FirstClipTime is not null || set.ClipTimes is not null, "A live set without a time.");
    }
}
