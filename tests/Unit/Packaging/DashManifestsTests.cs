using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Dash;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

public sealed class DashManifestsTests : IDisposable
{
    readonly SyntheticStream _stream = new();
    readonly LiveWindow _window = new(new LiveWindowOptions { Window = TimeSpan.FromSeconds(10) }, SyntheticStream.Muxers);
    readonly DashManifests _manifests = new();

    public void Dispose()
    {
        _window.Dispose();
        _stream.Dispose();
        Assert.Equal(0, _stream.Pool.SlabsInUse);
    }

    string Text(bool lowLatency = false) => Encoding.UTF8.GetString(_manifests.Manifest(_window.View, lowLatency)!.Plain.Span);

    ParsedManifest Manifest(bool lowLatency = false) => DashRules.Check(_manifests.Manifest(_window.View, lowLatency)!.Plain.Span);

    void SendSegments(long from, long end)
    {
        for (var msn = from; msn < end; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn)));
        }
    }

    void SendSecondRun(long from, long end, DateTimeOffset start, long run = 1, bool starts = true)
    {
        for (var msn = from; msn < end; msn++)
        {
            var mark = _stream.Mark(msn, run, starts && msn == from, epoch: 1 + run) with { RunStart90k = (starts ? from : from - 1) * 180_000 };
            SyntheticStream.Send(_window, _stream.Segment(mark with { ProgramDateTime = start.AddSeconds(2 * (msn - from)) }));
        }
    }

    [Fact]
    public void A_manifest_reads_as_written_by_hand()
    {
        for (var msn = 7; msn < 10; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn), audio: false));
        }

        // The run began at 0 on the timeline, which was 2026-01-02T03:04:05Z: 1,767,323,045 s after the epoch.
        Assert.Equal("""
            <?xml version="1.0" encoding="UTF-8"?>
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" publishTime="2026-01-02T03:04:23.000Z" minimumUpdatePeriod="PT1.000000S" timeShiftBufferDepth="PT4S" maxSegmentDuration="PT2S" minBufferTime="PT2.000000S" suggestedPresentationDelay="PT6.000000S">
            <Period id="0" start="PT1767323045.000000S">
            <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
            <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
            <Representation id="v1" bandwidth="20480" codecs="avc1.64001f" width="1280" height="720" frameRate="25">
            <SegmentTemplate timescale="90000" presentationTimeOffset="0" startNumber="7" initialization="init-v1-0f37a8ee399c397f.mp4" media="seg-$Number$-v1.m4s">
            <SegmentTimeline>
            <S t="1260000" d="180000" r="1"/>
            </SegmentTimeline>
            </SegmentTemplate>
            </Representation>
            </AdaptationSet>
            </Period>
            <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="../../time"/>
            </MPD>

            """, Text());
    }

    [Fact]
    public void Low_latency_lists_the_segment_that_is_being_cut()
    {
        SendSegments(0, 3);
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(3), frames: 30));
        Assert.Equal(2, Manifest().Segments.Where(segment => segment.Representation == "v1").Max(segment => segment.Number));
        var open = Manifest(lowLatency: true).Segments.Last(segment => segment.Representation == "v1");
        Assert.Equal((3, 180_000L, "seg-3-v1.m4s"), (open.Number, open.Duration, open.Uri));
        Assert.Contains("availabilityTimeOffset=\"1.000000\" availabilityTimeComplete=\"false\"", Text(lowLatency: true), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_ends_earlier_for_a_moment_is_not_published_earlier()
    {
        SendSegments(0, 3);
        var before = Manifest().Published.AddSeconds(2);   // where the segment that is begun anew ended
        var manifest = new DashManifest(_window.View, DashPeriod.Split(_window.View, withOpen: false, []), lowLatency: false, before);
        Assert.Equal(before, DashRules.Check(manifest.Render()!.Plain.Span).Published);
        Assert.Equal(before, manifest.Published);
    }

    [Fact]
    public void A_discontinuity_begins_a_period_that_starts_where_it_stood_on_the_clock()
    {
        SendSegments(0, 3);
        _window.Pause(WindowPause.SourceLost);
        for (var msn = 3; msn < 6; msn++)
        {
            var mark = _stream.Mark(msn, 1, msn == 3, epoch: 2) with { RunStart90k = 540_000 };
            SyntheticStream.Send(_window, _stream.Segment(mark with { ProgramDateTime = mark.ProgramDateTime.AddSeconds(7) }));
        }

        var periods = Manifest().Periods;
        Assert.Equal(["0", "1"], periods.Select(period => period.Id));
        Assert.Equal(TimeSpan.FromSeconds(6 + 7), periods[1].Start - periods[0].Start);
        Assert.Equal(0, periods[1].Segments[0].Time);
    }

    [Fact]
    public void A_period_that_a_gap_follows_says_where_it_ends_and_no_other_does()
    {
        SendSegments(0, 3);
        _window.Pause(WindowPause.SourceLost);
        Assert.DoesNotContain(" duration=", Text(), StringComparison.Ordinal);
        SendSecondRun(3, 6, SyntheticStream.Epoch.AddSeconds(6 + 7));
        Assert.Single(Text().Split(" duration=\"PT6.0")[1..]);

        SendSecondRun(6, 7, SyntheticStream.Epoch.AddSeconds(6 + 7 + 6), run: 2);
        SendSecondRun(7, 8, SyntheticStream.Epoch.AddSeconds(6 + 7 + 6 + 2), run: 2, starts: false);
        Assert.Equal(3, Manifest().Periods.Count);
        Assert.Single(Text().Split(" duration=")[1..]);
    }

    [Fact]
    public void While_its_source_is_lost_all_that_is_listed_may_be_played_for_as_long_as_it_is_waited_for()
    {
        SendSegments(0, 4);
        Assert.Contains(" timeShiftBufferDepth=\"PT6S\"", Text(), StringComparison.Ordinal);
        _window.Pause(WindowPause.SourceLost);
        Assert.Contains(" timeShiftBufferDepth=\"PT3608S\"", Text(), StringComparison.Ordinal);
        SendSecondRun(4, 6, SyntheticStream.Epoch.AddSeconds(100));
        Assert.Contains(" timeShiftBufferDepth=\"PT102S\"", Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void What_broke_off_before_its_sound_or_its_pictures_came_is_no_period(bool video, bool lowLatency)
    {
        SendSegments(0, 3);
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(3), video: video, audio: !video, frames: 1));
        _window.Pause(WindowPause.SourceLost);
        Assert.Equal(["0"], Manifest(lowLatency).Periods.Select(period => period.Id));
        Assert.Equal(2, Manifest(lowLatency).Segments.Max(segment => segment.Number));

        SendSecondRun(4, 7, SyntheticStream.Epoch.AddSeconds(20));
        var periods = Manifest(lowLatency).Periods;
        Assert.Equal(["0", "1"], periods.Select(period => period.Id));
        Assert.Equal(4, periods[1].Segments.Min(segment => segment.Number));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_period_is_listed_when_each_of_its_tracks_has_come(bool pictureFirst)
    {
        SendSegments(0, 3);
        _window.Pause(WindowPause.SourceLost);
        var mark = _stream.Mark(3, 1, true, epoch: 2) with { RunStart90k = 540_000 };
        var frames = _stream.Segment(mark);
        var (first, second) = (frames.Where(frame => frame.Frame.Track.Kind == TrackKind.Video == pictureFirst), frames.Where(frame => frame.Frame.Track.Kind == TrackKind.Video != pictureFirst));
        SyntheticStream.Send(_window, first);
        Assert.Equal(["0"], Manifest(lowLatency: true).Periods.Select(period => period.Id));
        SyntheticStream.Send(_window, second);
        var periods = Manifest(lowLatency: true).Periods;
        Assert.Equal(["0", "1"], periods.Select(period => period.Id));
        Assert.Equal(["a1", "v1"], periods[1].Segments.Select(segment => segment.Representation).Distinct().Order());
    }

    [Fact]
    public void A_period_is_listed_without_a_track_that_is_known_to_have_failed()
    {
        SendSegments(0, 3);
        _window.Pause(WindowPause.SourceLost);
        for (var msn = 3; msn < 8; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn, 1, msn == 3, epoch: 2) with { RunStart90k = 540_000 }, audio: false));
            var periods = Manifest(lowLatency: true).Periods;
            Assert.Equal(msn < 5 ? ["0"] : ["0", "1"], periods.Select(period => period.Id));
            Assert.Equal(msn < 5 ? 2 : msn, periods[^1].Segments.Max(segment => segment.Number));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_period_that_began_because_a_track_failed_keeps_its_name_when_its_beginning_is_listed_no_more(bool lowLatency)
    {
        SendSegments(0, 4);
        Manifest(lowLatency);
        for (var msn = 4; msn < 30; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn), audio: false));
            var now = Manifest(lowLatency);
            if (msn > 6)
            {
                Assert.Equal("0-4", now.Periods[^1].Id);
                Assert.Equal(8, (now.Periods[^1].Start - TimeSpan.FromSeconds(1_767_323_045)).TotalSeconds);
                Assert.InRange(now.Periods.Count, 1, 2);
            }
        }

        Assert.True(Manifest(lowLatency).Segments.Min(segment => segment.Number) > 4);
    }

    [Fact]
    public void The_rules_hold_from_update_to_update_while_sources_come_and_go()
    {
        foreach (var lowLatency in (bool[])[false, true])
        {
            ParsedManifest? before = null;
            using var window = new LiveWindow(new LiveWindowOptions { Window = TimeSpan.FromSeconds(10) }, SyntheticStream.Muxers);
            using var stream = new SyntheticStream(_stream.Pool);
            var manifests = new DashManifests();
            var (run, runStart) = (0L, 0L);
            for (var msn = 0L; msn < 40; msn++)
            {
                var starts = msn is 9 or 23;
                (run, runStart) = starts ? (run + 1, msn * 180_000) : (run, runStart);
                var mark = stream.Mark(msn, run, starts, epoch: 1 + run) with { RunStart90k = runStart };
                if (starts)
                {
                    window.Pause(WindowPause.SourceLost);
                }

                foreach (var half in stream.Segment(mark with { ProgramDateTime = mark.ProgramDateTime.AddSeconds(5 * run) }, audio: lowLatency || msn < 36).Chunk(70))
                {
                    SyntheticStream.Send(window, half);
                    if (manifests.Manifest(window.View, lowLatency) is { } text)
                    {
                        var now = DashRules.Check(text.Plain.Span);
                        if (before is not null)
                        {
                            DashRules.CheckUpdate(before, now);
                        }

                        before = now;
                    }
                }
            }

            Assert.True(before!.Segments.Max(segment => segment.Number) >= 36);
        }
    }

    [Fact]
    public void After_a_number_in_which_a_source_broke_off_a_period_begins_though_the_run_goes_on()
    {
        SendSegments(0, 4);
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(4), frames: 30));
        _window.Pause(WindowPause.SourceLost);
        using var next = new SyntheticStream(_stream.Pool);
        for (var msn = 5; msn < 8; msn++)
        {
            SyntheticStream.Send(_window, next.Segment(next.Mark(msn, epoch: 2)));
            Manifest();
        }

        Assert.Equal(5, Manifest().Periods[1].Segments[0].Number);
    }

    [Fact]
    public void In_low_latency_a_number_that_was_given_up_goes_when_the_one_after_it_comes()
    {
        var history = new DashHistory();
        SendSegments(0, 3);
        var run = SyntheticStream.Epoch.AddSeconds(30);
        SendPart(4, 1, epoch: 2, run, 30);   // nobody ever used 3
        history.Add(Manifest(lowLatency: true));
        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenPart(_window.View.Tracks[0], 4, 0, out var part));
        part!.Dispose();
        Assert.True(_window.Settle(2)!.PartsSent);
        _window.Pause(WindowPause.SourceLost);
        history.Add(Manifest(lowLatency: true));
        foreach (var frames in (int[])[1, 30])
        {
            SendPart(5, 1, epoch: 3, run.AddSeconds(10), frames, gaps: 1);
            history.Add(Manifest(lowLatency: true));
        }

        Assert.Equal(5, Manifest(lowLatency: true).Segments.Max(segment => segment.Number));
    }

    void SendPart(long msn, long run, long epoch, DateTimeOffset start, int frames, int gaps = 0)
    {
        using var source = new SyntheticStream(_stream.Pool);
        var mark = source.Mark(msn, run, starts: true, epoch) with
        {
            RunStart90k = msn * 180_000, ProgramDateTime = start, GapsBefore = gaps, GapStart90k = (msn - gaps) * 180_000, GapTime = start.AddSeconds(-2 * gaps),
        };
        SyntheticStream.Send(_window, source.Segment(mark, frames: frames));
    }

    [Fact]
    public void The_end_of_the_stream_gives_the_presentation_its_duration()
    {
        SendSegments(0, 3);
        Assert.False(Manifest().Ended);
        _window.Pause(WindowPause.OffAir);
        Assert.True(Manifest().Ended);
    }
}
