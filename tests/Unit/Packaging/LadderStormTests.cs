using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Dash;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;
using Tributary.Media.Packaging.Smooth;
using Xunit.Abstractions;

namespace Tributary.Unit.Packaging;

/// <summary>
/// Whatever happens to the encoders of an adaptive stream: many small histories, each from a seed, far more violent than any broadcast. Every form keeps every
/// rule in them, but for one limit: a number that was listed while it was cut, of which nobody had got anything when its source was replaced, is begun anew
/// (<see cref="LiveWindow.Settle"/>), and where the next source breaks off within the same part again, the part is shorter than it was listed.
/// <see cref="LadderHistoryTests"/> has what was mended, one by one.
/// </summary>
public sealed partial class LadderStormTests(ITestOutputHelper output)
{
    const int Histories = 60;
    const int Steps = 220;

    [Fact]
    public void Every_form_keeps_its_rules_whatever_happens_to_encoders()
    {
        var (broken, limits) = (new List<string>(), 0);
        for (var seed = 1; seed <= Histories; seed++)
        {
            var (problem, isLimit) = Run(seed);
            limits += isLimit ? 1 : 0;
            if (problem is not null && !isLimit)
            {
                broken.Add(problem);
            }
        }

        output.WriteLine($"figure: {broken.Count} of {Histories} violent histories of an adaptive stream broke a rule in some form, {limits} met a known limit");
        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }

    static (string? Problem, bool IsLimit) Run(int seed)
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
                    var problem = $"seed {seed}: {viewers.Looking}: {exception.Message}\n  step {step}; {string.Join("; ", world.Story.TakeLast(10))}\n{viewers.Shown}\n{exception.StackTrace}";
                    return (problem, IsLimit(exception.Message, world));
                }
            }

            if (chance.Next(12) == 0)
            {
                world.Mend();
            }
        }

        return (null, false);
    }

    // In low latency alone: parts in HLS, and in DASH the segment that is still cut.
    static bool IsLimit(string rule, LadderWorld world) =>
        Part().Match(rule) is { Success: true } found && world.BegunAnew.Contains(long.Parse(found.Groups["number"].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"part \d+ of (?<number>\d+) stays what it was|what was withdrawn does not come back: .*Number = (?<number>\d+)")]
    private static partial Regex Part();
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
