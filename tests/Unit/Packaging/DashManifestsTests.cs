using System.Text;
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
    public void The_end_of_the_stream_gives_the_presentation_its_duration()
    {
        SendSegments(0, 3);
        Assert.False(Manifest().Ended);
        _window.Pause(WindowPause.OffAir);
        Assert.True(Manifest().Ended);
    }
}
