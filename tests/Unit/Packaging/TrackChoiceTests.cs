using System.Text;
using Tributary.Media.Packaging.Dash;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

public sealed class TrackChoiceTests
{
    [Fact]
    public void Sounds_of_several_renditions_are_offered_with_their_names_and_the_default_first()
    {
        var (master, manifest) = Render(new TrackChoice
        {
            Audio = ["a1", "a11"], DefaultAudio = "a11", Labels = { ["a1"] = "English", ["a11"] = "Deutsch & mehr" }, Languages = { ["a1"] = "en", ["a11"] = "de" },
        });
        var sounds = master.Where(line => line.Tag == "#EXT-X-MEDIA").ToArray();
        Assert.Equal([("Deutsch & mehr", "de", "YES", "index-a11.m3u8"), ("English", "en", "NO", "index-a1.m3u8")],
            sounds.Select(line => (line.Attributes["NAME"], line.Attributes["LANGUAGE"], line.Attributes["DEFAULT"], line.Uri)));
        Assert.Contains("lang=\"de\"", manifest, StringComparison.Ordinal);
        Assert.Contains("<Label>Deutsch &amp; mehr</Label>", manifest, StringComparison.Ordinal);
        Assert.Equal(1, manifest.Split("value=\"alternate\"").Length - 1);
    }

    [Fact]
    public void A_language_that_is_given_makes_a_sound_one_of_its_own()
    {
        var (master, _) = Render(new TrackChoice { Languages = { ["a11"] = "fr" } });
        Assert.Equal(["index-a1.m3u8", "index-a11.m3u8"], master.Where(line => line.Tag == "#EXT-X-MEDIA").Select(line => line.Uri));
    }

    [Fact]
    public void Pictures_and_sounds_go_together_as_somebody_chose()
    {
        var (master, manifest) = Render(new TrackChoice
        {
            Video = ["v1", "v21"], Audio = ["a1", "a21"], Groups = { ["high"] = ["v1", "a1"], ["low"] = ["v21", "a21"] },
        });
        Assert.Equal([("index-v1.m3u8", "high"), ("index-v21.m3u8", "low")],
            master.Where(line => line.Tag == "#EXT-X-STREAM-INF").Select(line => (line.Uri, line.Attributes["AUDIO"])));
        Assert.Equal([("high", "index-a1.m3u8"), ("low", "index-a21.m3u8")],
            master.Where(line => line.Tag == "#EXT-X-MEDIA").Select(line => (line.Attributes["GROUP-ID"], line.Uri)));
        Assert.DoesNotContain("\"v11\"", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public void Sound_alone_is_a_variant_where_that_is_wanted()
    {
        var (master, _) = Render(new TrackChoice { AudioOnly = true });
        var last = master.Last(line => line.Tag == "#EXT-X-STREAM-INF");
        Assert.Equal(("index-a1.m3u8", false), (last.Uri, last.Attributes.ContainsKey("RESOLUTION")));
        Assert.Equal(4, master.Count(line => line.Tag == "#EXT-X-STREAM-INF"));
    }

    [Fact]
    public void A_choice_names_tracks_and_texts_that_playlists_can_hold()
    {
        Assert.True(new TrackChoice { Audio = ["a1"], Groups = { ["x"] = ["v11", "a1"] }, Languages = { ["a1"] = "pt-BR" } }.IsValid);
        Assert.False(new TrackChoice { Audio = ["sound"] }.IsValid);
        Assert.False(new TrackChoice { DefaultAudio = "1" }.IsValid);
        Assert.False(new TrackChoice { Labels = { ["a1"] = "\"" } }.IsValid);
        Assert.False(new TrackChoice { Languages = { ["a1"] = "en us" } }.IsValid);
    }

    static (IReadOnlyList<ParsedVariant> Master, string Manifest) Render(TrackChoice choice)
    {
        SyntheticStream[] sources = [new(), new(), new()];
        LiveWindow[] windows = [.. sources.Select((_, index) => new LiveWindow(new LiveWindowOptions(), SyntheticStream.Muxers, index + 1) { Choice = choice })];
        try
        {
            var ladder = new LiveLadder(windows[0]);
            ladder.Add(2, windows[1]);
            ladder.Add(3, windows[2]);
            for (var msn = 0; msn < 4; msn++)
            {
                foreach (var (source, window) in sources.Zip(windows))
                {
                    SyntheticStream.Send(window, source.Segment(source.Mark(msn)));
                }
            }

            return (HlsRules.CheckMaster(new HlsPlaylists(SyntheticStream.Muxers).Master(ladder.View, HlsForm.Cmaf)!.Plain.Span),
                Encoding.UTF8.GetString(new DashManifests().Manifest(ladder.View, lowLatency: false)!.Plain.Span));
        }
        finally
        {
            Array.ForEach(windows, static window => window.Dispose());
            Array.ForEach(sources, static source => source.Dispose());
        }
    }
}
