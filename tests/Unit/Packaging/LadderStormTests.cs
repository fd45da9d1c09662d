using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Dash;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;
using Tributary.Media.Packaging.Smooth;
using Xunit.Abstractions;

namespace Tributary.Unit.Packaging;

/// <summary>
/// Whatever happens to the encoders of an adaptive stream: many small histories, each from a seed, far more violent than any broadcast. What no player survives
/// is asserted: a playlist that is away or empty, a request that fails, a target duration that changes. Of the other rules it prints how many histories broke
/// one, with the first of each kind: material for who goes on here.
/// </summary>
public sealed class LadderStormTests(ITestOutputHelper output)
{
    const int Histories = 60;
    static readonly string[] Deadly = ["Object reference", "a playlist is there", "a playlist lists a segment", "TARGETDURATION"];
    const int Steps = 220;

    [Fact]
    public void Nothing_that_ends_playback_happens_whatever_happens_to_encoders()
    {
        var broken = new List<string>();
        for (var seed = 1; seed <= Histories; seed++)
        {
            if (Run(seed) is { } problem)
            {
                broken.Add(problem);
            }
        }

        foreach (var group in broken.GroupBy(problem => problem.Split('\n')[0].Split(": ", 2)[1].PadRight(50)[..50]))
        {
            output.WriteLine($"{group.Count()}: {group.First()}");
        }

        output.WriteLine($"figure: {broken.Count} of {Histories} violent histories of an adaptive stream broke a rule in some form");
        Assert.DoesNotContain(broken, problem => Deadly.Any(deadly => problem.Split('\n')[0].Contains(deadly, StringComparison.Ordinal)));
    }

    static string? Run(int seed)
    {
        var chance = new Random(seed);
        using var world = new LadderWorld(seed);
        var viewers = new StormViewers(world.Ladder, chance);
        var calm = 40;
        for (var step = 0; step < Steps; step++)
        {
            world.Advance();
            if (--calm <= 0)
            {
                world.Change();
                calm = chance.Next(3) == 0 ? chance.Next(3) : chance.Next(30);
            }

            if (step > 35)
            {
                try
                {
                    viewers.Look();
                }
                catch (Exception exception) when (exception is HlsRuleException or DashRuleException or SmoothRuleException or NullReferenceException or Xunit.Sdk.XunitException)
                {
                    return $"seed {seed}: {viewers.Looking}: {exception.Message}\n  step {step}; {string.Join("; ", world.Story.TakeLast(10))}\n{viewers.Shown}\n{exception.StackTrace}";
                }
            }

            if (chance.Next(12) == 0)
            {
                world.Mend();
            }
        }

        return null;
    }
}

/// <summary>One viewer of each form, who looks now and then and fetches what it was told of.</summary>
sealed class StormViewers(LiveLadder ladder, Random chance)
{
    static readonly string[] Tracks = ["v1", "v11", "v21", "a1"];

    readonly HlsPlaylists _playlists = new(SyntheticStream.Muxers);
    readonly DashManifests _manifests = new();
    readonly Dictionary<string, ParsedPlaylist> _seen = [];
    readonly DashHistory[] _manifestsSeen = [new(), new()];
    readonly SmoothManifests _smooths = new(TimeSpan.FromSeconds(16));
    IReadOnlyList<SmoothFragmentListed>? _smooth;

    /// <summary>What is being looked at.</summary>
    public string Looking { get; private set; } = "";

    /// <summary>What it was before, and now.</summary>
    public string Shown => $"{_texts.GetValueOrDefault(Looking).Before}\n--- then\n{_texts.GetValueOrDefault(Looking).Now}";

    readonly Dictionary<string, (string Before, string Now)> _texts = [];

    ReadOnlySpan<byte> Note(PlaylistText text)
    {
        _texts[Looking] = (_texts.GetValueOrDefault(Looking).Now, Encoding.UTF8.GetString(text.Plain.Span));
        return text.Plain.Span;
    }

    public void Look()
    {
        foreach (var track in Tracks)
        {
            if (chance.Next(3) > 0)
            {
                Hls(track);
            }
        }

        for (var low = 0; low < 2; low++)
        {
            if (chance.Next(3) > 0)
            {
                Dash(low);
            }
        }

        if (chance.Next(3) > 0)
        {
            Smooth();
        }
    }

    void Hls(string track)
    {
        Looking = $"HLS {track}";
        var view = ladder.View;
        var number = int.Parse(track[1..], null);
        var (video, audio) = track[0] == 'v' ? (number, 0) : (0, number);
        var text = _playlists.Media(view, HlsForm.Cmaf, video, audio);
        Assert.True(text is not null, "a playlist is there");
        var now = HlsRules.CheckMedia(Note(text!));
        if (_seen.TryGetValue(track, out var before))
        {
            HlsRules.CheckReload(before, now);
            LowLatencyRules.CheckReload(before, now);
        }

        _seen[track] = now;
        Assert.True(now.Reports.Count == Tracks.Length - 1, $"every other rendition is reported on, not {string.Join(",", now.Reports.Select(report => report.Uri))}");
        LowLatencyRules.CheckDelta(now, HlsRules.ParseMedia(_playlists.Media(view, HlsForm.Cmaf, video, audio, isDelta: true)!.Plain.Span));
        foreach (var part in now.Parts.Where(part => part.Msn == now.Edge.Msn && chance.Next(2) == 0))
        {
            Fetch(view, part.Uri);
        }
    }

    // part-MSN-PART-TRACK.m4s
    static void Fetch(WindowView view, string uri)
    {
        var names = uri[..^4].Split('-');
        var (msn, part, track) = (long.Parse(names[1], null), int.Parse(names[2], null), names[3]);
        if (view.TryOpenPart(view.Find(track[0] == 'v' ? TrackKind.Video : TrackKind.Audio, int.Parse(track[1..], null))!, msn, part, out var body) == SegmentLookup.Found)
        {
            body!.Dispose();
        }
    }

    void Dash(int low)
    {
        Looking = low == 1 ? "low-latency DASH" : "DASH";
        var view = ladder.View;
        _manifestsSeen[low].Add(DashRules.Check(Note(_manifests.Manifest(view, low == 1)!)));
    }

    void Smooth()
    {
        Looking = "Smooth Streaming";
        var view = ladder.View;
        var now = SmoothRules.Check(Note(_smooths.Manifest(view)!));
        if (_smooth is { } before)
        {
            SmoothRules.CheckUpdate(before, now);
        }

        _smooth = now;
        foreach (var fragment in now)
        {
            Assert.True(fragment.Urls.Any(url => IsThere(view, url)), $"{fragment.Stream} has something at {fragment.Time}");
        }
    }

    static bool IsThere(WindowView view, string url)
    {
        Assert.True(SmoothRequest.TryParse(url, out var request));
        var track = view.Find(request.IsVideo ? TrackKind.Video : TrackKind.Audio, request.Track)!;
        var found = SmoothFragment.TryOpen(view, track, request.Time, out var body, out _);
        body?.Dispose();
        return found is SegmentLookup.Found or SegmentLookup.NotYet;   // it is waited for
    }
}
