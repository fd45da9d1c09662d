using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Dash;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

public sealed class LiveLadderTests : IDisposable
{
    readonly SyntheticStream[] _sources = [new(), new(), new()];
    readonly LiveWindow[] _windows = [.. Enumerable.Range(1, 3).Select(rendition => new LiveWindow(new LiveWindowOptions(), SyntheticStream.Muxers, rendition))];
    readonly TrackInfo[] _pictures =
        [.. Enumerable.Range(1, 3).Select(rendition => SyntheticStream.Video with { DecoderConfig = new[] { (byte)rendition } })];

    readonly LiveLadder _ladder;
    readonly HlsPlaylists _playlists = new(SyntheticStream.Muxers);

    public LiveLadderTests()
    {
        _ladder = new LiveLadder(_windows[0]);
        _ladder.Add(2, _windows[1]);
        _ladder.Add(3, _windows[2]);
    }

    public void Dispose()
    {
        foreach (var window in _windows)
        {
            window.Dispose();
        }

        Array.ForEach(_sources, source => source.Dispose());
        Assert.All(_sources, source => Assert.Equal(0, source.Pool.SlabsInUse));
    }

    [Fact]
    public void Renditions_are_variants_of_one_master_playlist_with_the_sound_of_the_first()
    {
        Send(0..4, 1, 2, 3);
        var variants = HlsRules.CheckMaster(_playlists.Master(_ladder.View, HlsForm.Cmaf)!.Plain.Span);
        Assert.Equal(["index-a1.m3u8", "index-v1.m3u8", "index-v11.m3u8", "index-v21.m3u8"], variants.Select(variant => variant.Uri).Order(StringComparer.Ordinal));
        var muxed = HlsRules.CheckMaster(_playlists.Master(_ladder.View, HlsForm.Ts)!.Plain.Span);
        Assert.Equal(["index-v1-a1.m3u8", "index-v11-a11.m3u8", "index-v21-a21.m3u8"], muxed.Select(variant => variant.Uri));
    }

    [Fact]
    public void A_rendition_that_is_lost_shows_its_nearest_from_the_segment_in_which_it_broke_off()
    {
        Send(0..4, 1, 2, 3);
        SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(4), picture: _pictures[1], frames: 20));
        Send(4..5, 1, 3);
        _windows[1].Pause(WindowPause.SourceLost);
        Send(5..8, 1, 3);

        Assert.Equal([.. Uris(0..4, "v11"), .. Uris(4..7, "v1")], Listed("v11"));
        Assert.Equal(Listed("v1").Count, Listed("v11").Count);
        Assert.Contains("init-v1-", Playlist("v11"), StringComparison.Ordinal);
        Assert.Equal(HlsRules.ParseMedia(Bytes("v1")).Segments.Select(Times), HlsRules.ParseMedia(Bytes("v11")).Segments.Select(Times));
    }

    [Theory]
    [InlineData("v11")]
    [InlineData("a11")]
    public void A_part_that_was_listed_stays_when_its_rendition_is_lost(string track)
    {
        Send(0..4, 1, 2, 3);
        SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(4), picture: _pictures[1], frames: 30));
        var seen = HlsRules.ParseMedia(Bytes(track));
        Assert.Contains(seen.Parts, part => part.Msn == 4);
        _windows[1].Pause(WindowPause.SourceLost);
        foreach (var step in Enumerable.Range(4, 4))
        {
            var now = HlsRules.CheckMedia(Bytes(track));
            HlsRules.CheckReload(seen, now);
            LowLatencyRules.CheckReload(seen, now);
            seen = now;
            Send(step..(step + 1), 1, 3);
        }

        Assert.Equal([.. Uris(0..5, track), .. Uris(5..7, track[..1] + "1")], Listed(track));
    }

    [Fact]
    public void A_rendition_that_is_back_goes_on_with_its_own_and_what_was_filled_stays_filled()
    {
        Send(0..4, 1, 2, 3);
        _windows[1].Pause(WindowPause.SourceLost);
        Send(4..7, 1, 3);
        Listed("v11");
        SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(7, epoch: 2), picture: _pictures[1]));
        Send(7..8, 1, 3);
        SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(8, epoch: 2), picture: _pictures[1]));
        Send(8..9, 1, 3);
        SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(9, epoch: 2), picture: _pictures[1]));

        var listed = Listed("v11");
        Assert.Equal(["seg-4-v1.m4s", "seg-5-v1.m4s"], listed.Where(uri => uri is "seg-4-v1.m4s" or "seg-5-v1.m4s"));
        Assert.Equal("seg-8-v11.m4s", listed[^1]);
        Assert.Equal(Enumerable.Range(0, listed.Count), HlsRules.ParseMedia(Bytes("v11")).Segments.Select(segment => (int)(segment.Msn - HlsRules.ParseMedia(Bytes("v11")).MediaSequence)));
    }

    [Theory]
    [InlineData(WindowPause.SourceLost)]
    [InlineData(WindowPause.OffAir)]
    public void However_long_the_first_rendition_is_away_no_playlist_loses_what_it_lists_when_it_is_back(WindowPause pause)
    {
        Send(0..4, 1, 2, 3);
        _windows[0].Pause(pause);
        Send(4..14, 2, 3);
        var (others, own) = (Listed("v11"), Listed("v1"));
        SyntheticStream.Send(_windows[0], _sources[0].Segment(_sources[0].Mark(14, epoch: 2), picture: _pictures[0]));   // ahead of the others
        Assert.Equal(others, Listed("v11"));
        Assert.Equal(own[^10..], Listed("v1")[^10..]);
        Assert.NotEmpty(Listed("a1"));

        Send(14..15, 2, 3);
        SyntheticStream.Send(_windows[0], _sources[0].Segment(_sources[0].Mark(15, epoch: 2), picture: _pictures[0]));
        Send(15..16, 2, 3);
        SyntheticStream.Send(_windows[0], _sources[0].Segment(_sources[0].Mark(16, epoch: 2), picture: _pictures[0]));
        Assert.Equal("seg-15-v1.m4s", Listed("v1")[^1]);
        Assert.Equal(HlsRules.ParseMedia(Bytes("v11")).MediaSequence, HlsRules.ParseMedia(Bytes("v21")).MediaSequence);
    }

    [Fact]
    public void What_a_playlist_listed_stays_its_own_while_another_rendition_s_window_stands_still()
    {
        Send(0..14, 1, 2, 3);
        _windows[1].Pause(WindowPause.SourceLost);
        for (var msn = 14; msn < 18; msn++)
        {
            Send(msn..(msn + 1), 1, 3);
            Assert.All(Listed("v21"), uri => Assert.EndsWith("-v21.m4s", uri, StringComparison.Ordinal));
            Assert.All(Listed("v1"), uri => Assert.EndsWith("-v1.m4s", uri, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_number_that_was_cut_short_stays_as_long_as_it_was_listed_when_the_next_is_cut_short_too()
    {
        Send(0..4, 1, 2, 3);
        foreach (var msn in (int[])[4, 8])
        {
            SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(msn, epoch: msn), picture: _pictures[1], frames: 30));
            HlsRules.CheckMedia(Bytes("v11"));
            _windows[1].Pause(WindowPause.SourceLost);
            Send(msn..(msn + 2), 1, 3);
            HlsRules.CheckMedia(Bytes("v11"));
            for (var back = msn + 2; back < msn + 4; back++)
            {
                SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(back, epoch: msn + 1), picture: _pictures[1]));
                Send(back..(back + 1), 1, 3);
            }
        }

        Send(12..14, 1, 3);
        Assert.All(HlsRules.CheckMedia(Bytes("v11")).Segments, segment => Assert.Equal(2, segment.Duration));
    }

    [Fact]
    public void When_all_renditions_are_lost_and_others_come_back_first_no_playlist_is_empty_for_a_moment()
    {
        Send(0..6, 1, 2, 3);
        SyntheticStream.Send(_windows[1], _sources[1].Segment(_sources[1].Mark(6), picture: _pictures[1], frames: 30));
        var before = Listed("v11");
        foreach (var window in (int[])[1, 0, 2])
        {
            _windows[window].Pause(WindowPause.SourceLost);   // each would be filled by one that is lost a moment later
            Assert.NotEmpty(Listed("v11"));
        }

        for (var msn = 7; msn < 10; msn++)
        {
            SyntheticStream.Send(_windows[2], _sources[2].Segment(_sources[2].Mark(msn, 1, msn == 7, epoch: 2), picture: _pictures[2]));
            foreach (var track in (string[])["v1", "v11", "v21"])
            {
                HlsRules.CheckMedia(Bytes(track));
            }

            Assert.Equal(before, Listed("v11")[..before.Count]);
        }

        Assert.Equal("seg-8-v21.m4s", Listed("v11")[^1]);
    }

    [Fact]
    public void A_rendition_that_is_lost_hints_at_the_parts_of_its_nearest()
    {
        Send(0..4, 1, 2, 3);
        _windows[1].Pause(WindowPause.SourceLost);
        Send(4..6, 1, 3);
        Begin(6, 1, 3);
        Assert.Contains("TYPE=PART,URI=\"part-6-0-v1.m4s\"", Playlist("v11"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_rendition_may_be_the_one_that_is_lost_and_a_number_that_was_listed_keeps_its_media()
    {
        Send(0..4, 1, 2, 3);
        _windows[0].Pause(WindowPause.SourceLost);
        Send(4..6, 2, 3);
        var before = Listed("v1");
        _windows[1].Pause(WindowPause.SourceLost);
        Send(6..9, 3);

        Assert.Equal(before, Listed("v1").Take(before.Count));
        Assert.Equal("seg-7-v21.m4s", Listed("v1")[^1]);
        Assert.Null(_ladder.View.Pause);
        _windows[2].Pause(WindowPause.SourceLost);
        Assert.Equal(WindowPause.SourceLost, _ladder.View.Pause);
    }

    [Fact]
    public void A_rendition_that_stalls_without_a_word_is_filled_when_its_nearest_is_two_segments_ahead()
    {
        Send(0..4, 1, 2, 3);
        Send(4..7, 1, 3);
        Assert.Equal("seg-5-v1.m4s", Listed("v11")[^1]);
    }

    [Fact]
    public void In_DASH_a_rendition_that_is_lost_is_left_out_of_the_period_that_begins_there()
    {
        Send(0..4, 1, 2, 3);
        _windows[1].Pause(WindowPause.SourceLost);
        Send(4..8, 1, 3);
        var manifest = Encoding.UTF8.GetString(new DashManifests().Manifest(_ladder.View, lowLatency: false)!.Plain.Span);
        Assert.Equal(2, manifest.Split("<Period ").Length - 1);
        Assert.Single(manifest.Split("<Representation id=\"v11\"")[1..]);
        Assert.Equal(2, manifest.Split("<Representation id=\"v1\"").Length - 1);
    }

    [Fact]
    public void In_DASH_there_is_sound_while_the_rendition_is_lost_whose_sound_was_offered()
    {
        Send(0..4, 1, 2, 3);
        _windows[0].Pause(WindowPause.SourceLost);
        Send(4..8, 2, 3);
        var periods = Encoding.UTF8.GetString(new DashManifests().Manifest(_ladder.View, lowLatency: false)!.Plain.Span).Split("<Period ")[1..];
        Assert.Equal(["a1", "a11"], periods.Select(period => Assert.Single(Representations(period), id => id[0] == 'a')));
        Assert.DoesNotContain("v1", Representations(periods[1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void In_DASH_nobody_waits_for_a_lost_rendition_whose_codec_no_other_has(bool lowLatency)
    {
        _pictures[2] = _pictures[2] with { Codec = Codec.Hevc, CodecString = "hvc1.1.6.L93.B0" };
        var (manifests, seen) = (new DashManifests(), new DashHistory());
        ParsedManifest Look()
        {
            var now = DashRules.Check(manifests.Manifest(_ladder.View, lowLatency)!.Plain.Span);
            seen.Add(now);
            return now;
        }

        long EdgeOf(string track) => Look().Segments.Where(segment => segment.Representation == track).Max(segment => segment.Number);
        void SendAndLook(Range numbers, params int[] renditions)
        {
            for (var msn = numbers.Start.Value; msn < numbers.End.Value; msn++)
            {
                Send(msn..(msn + 1), renditions);
                Look();
            }
        }

        Send(0..4, 1, 2, 3);
        var (first, lost) = (EdgeOf("v1"), EdgeOf("v21"));
        _windows[2].Pause(WindowPause.SourceLost);
        SendAndLook(4..24, 1, 2);
        Assert.Equal(first + 20, EdgeOf("v1"));
        Assert.DoesNotContain("v21", Look().Periods[^1].Segments.Select(segment => segment.Representation));

        SendAndLook(24..28, 1, 2, 3);
        Assert.Equal(lost + 24, EdgeOf("v21"));
        Assert.Equal(first + 24, EdgeOf("v1"));
    }

    static IEnumerable<string> Representations(string period) => period.Split("<Representation id=\"")[1..].Select(rest => rest[..rest.IndexOf('"', StringComparison.Ordinal)]);

    static (long, decimal, DateTimeOffset?, long) Times(ListedSegment segment) =>
        (segment.Msn, segment.Duration, segment.ProgramDateTime, segment.DiscontinuitySequence);

    static IEnumerable<string> Uris(Range numbers, string track) =>
        Enumerable.Range(numbers.Start.Value, numbers.End.Value - numbers.Start.Value).Select(msn => $"seg-{msn}-{track}.m4s");

    void Send(Range numbers, params int[] renditions)
    {
        for (var msn = numbers.Start.Value; msn < numbers.End.Value; msn++)
        {
            foreach (var rendition in renditions)
            {
                SyntheticStream.Send(_windows[rendition - 1], _sources[rendition - 1].Segment(_sources[rendition - 1].Mark(msn), picture: _pictures[rendition - 1]));
            }
        }
    }

    void Begin(int msn, params int[] renditions)
    {
        foreach (var rendition in renditions)
        {
            SyntheticStream.Send(_windows[rendition - 1], _sources[rendition - 1].Segment(_sources[rendition - 1].Mark(msn), picture: _pictures[rendition - 1], frames: 1));
        }
    }

    List<string> Listed(string track) => [.. HlsRules.ParseMedia(Bytes(track)).Segments.Select(segment => segment.Uri)];

    string Playlist(string track) => Encoding.UTF8.GetString(Bytes(track));

    byte[] Bytes(string track)
    {
        var number = int.Parse(track[1..], null);
        return _playlists.Media(_ladder.View, HlsForm.Cmaf, track[0] == 'v' ? number : 0, track[0] == 'a' ? number : 0)!.Plain.ToArray();
    }
}
