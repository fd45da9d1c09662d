using System.Text;
using Tributary.Gateway.Vod;
using Tributary.Media.Packaging.Vod;

namespace Tributary.Fuzz.Targets;

/// <summary>An option of a location (the first byte says which) with values, one a line: a wrong one is a sentence, and one that is taken can be used.</summary>
[FuzzTarget("vod-directive")]
static class VodDirectiveTarget
{
    static readonly string[] Names = [.. VodDirectives.Names];

    static readonly Dictionary<string, VodUpstream> Upstreams = new() { ["/map"] = new("/map", new Uri("http://127.0.0.1:1/map")) };

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var name = Names[input[0] % Names.Length];
        var before = new VodLocation { Prefix = "/a", Packaging = VodPackaging.Hls, Mode = VodMode.Mapped, Upstreams = Upstreams };
        var location = before;
        if (VodDirectives.Set(ref location, Upstreams, name, Encoding.UTF8.GetString(input[1..]).Split('\n')) is { } problem)
        {
            Holds.That(problem.Length > 0 && location == before, "A refusal that says nothing, or changes something.");
            return;
        }

        var (cut, reading) = (location.Options.Segmentation, location.Options.Reading);
        Holds.That(cut.SegmentDuration > 0 && cut.BootstrapSegmentDurations.All(static duration => duration > 0), "A segment of no time.");
        Holds.That(cut.LiveWindowDuration > long.MinValue / 4 && cut.LiveWindowDuration < long.MaxValue / 4, "A window that overflows.");
        Holds.That(reading is { MaxMetadataSize: > 0, MaxFramesSize: > 0, MaxFrameCount: >= 0, SegmentMaxFrameCount: >= 0, CacheBufferSize: > 0 }, "A limit of less than nothing.");
        Holds.That(location.MaxMappingResponseSize > 0, "An answer of no bytes.");
        foreach (var age in (TimeSpan?[])[location.Expires, location.ExpiresLive, location.ExpiresLiveTimeDependent, location.MappingCache?.Expiration])
        {
            Holds.That(DateTimeOffset.UtcNow + (age ?? default) >= DateTimeOffset.UnixEpoch, "An age that no date has.");
        }
    }
}
