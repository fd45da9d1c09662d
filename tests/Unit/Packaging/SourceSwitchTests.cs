using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

/// <summary>Two gateways that received different amounts of a lost source list the same of the next one.</summary>
public sealed class SourceSwitchTests : IDisposable
{
    readonly SyntheticStream _stream = new();
    readonly LiveWindow _near = new(new LiveWindowOptions(), SyntheticStream.Muxers);
    readonly LiveWindow _far = new(new LiveWindowOptions(), SyntheticStream.Muxers);

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
        _stream.Dispose();
        Assert.Equal(0, _stream.Pool.SlabsInUse);
    }

    [Fact]
    public void A_number_that_nobody_listed_is_begun_anew()
    {
        LoseSource();
        Assert.Equal((3L, false), (_near.Settle(1)!.Msn, _near.Settle(1)!.PartsSent));
        Assert.Equal(3, _far.Settle(1)!.Msn);

        // What the lost source still sends is not listed; neither is its end.
        SyntheticStream.Send(_near, _stream.Segment(_stream.Mark(4), audio: false, frames: 5));
        _near.Pause(WindowPause.SourceLost);
        Assert.Equal(3, _near.View.Leading!.End);

        GoOn(mark => mark);
        AssertEqualPlaylists();
        Assert.Equal(2, _near.View.Segment(3)!.Mark!.Epoch);
        Assert.DoesNotContain("DISCONTINUITY\n", Playlist(_near), StringComparison.Ordinal);
        Assert.DoesNotContain("GAP", Playlist(_near), StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_whose_parts_somebody_listed_is_a_gap_everywhere()
    {
        LoseSource();
        Assert.Equal(SegmentLookup.Found, _near.View.TryOpenPart(_near.View.Leading!, 3, 0, out var part));
        part!.Dispose();
        var edge = _near.Settle(1)!;
        Assert.Equal((3L, true), (edge.Msn, edge.PartsSent));
        Assert.Equal(edge.Start90k + 25 * SyntheticStream.FrameTicks, edge.End90k);

        // Who sent none sends none any more: it might be other content when the number is begun anew.
        Assert.False(_far.Settle(1)!.PartsSent);
        Assert.NotEqual(SegmentLookup.Found, _far.View.TryOpenPart(_far.View.Leading!, 3, 0, out _));

        var gap = _stream.Mark(3);
        GoOn(mark => mark.Msn == 4
            ? mark with { GapsBefore = 1, GapStart90k = gap.Start90k, GapTime = gap.ProgramDateTime }
            : mark, from: 4);
        AssertEqualPlaylists();
        Assert.Contains("#EXT-X-GAP\n#EXTINF:2.000000,\nseg-3-", Playlist(_near), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_that_was_not_asked_closes_the_gap_as_well()
    {
        LoseSource();
        _near.Settle(1);

        var gap = _stream.Mark(3);
        GoOn(mark => mark.Msn == 4
            ? mark with { GapsBefore = 1, GapStart90k = gap.Start90k, GapTime = gap.ProgramDateTime }
            : mark, from: 4);
        AssertEqualPlaylists();
    }

    [Fact]
    public void Numbers_that_a_gateway_out_of_reach_may_have_come_to_share_the_time_of_one_gap()
    {
        LoseSource();
        _near.Settle(1);

        var gap = _stream.Mark(3);
        GoOn(mark => mark with { Msn = mark.Msn + 16, GapsBefore = mark.Msn == 4 ? 17 : 0, GapStart90k = gap.Start90k, GapTime = gap.ProgramDateTime }, from: 4);
        AssertEqualPlaylists();
        Assert.Equal(17, Playlist(_near).Split("#EXT-X-GAP\n#EXTINF:0.117").Length - 1);
        Assert.Contains("\nseg-2-", Playlist(_near), StringComparison.Ordinal);
        Assert.Equal(20, _near.View.Leading!.End - 2);   // 20 and 21 are whole
    }

    [Fact]
    public void A_source_that_goes_on_after_all_does_not_complete_what_was_given_up()
    {
        LoseSource();
        _near.Settle(1);
        SyntheticStream.Send(_near, _stream.Segment(_stream.Mark(4, epoch: 2)));
        SyntheticStream.Send(_near, _stream.Segment(_stream.Mark(5, epoch: 2)));

        Assert.True(_near.View.Segment(3)!.Track(0)!.IsGap);
        Assert.Equal(50, _near.View.Segment(4)!.Track(0)!.FrameCount);
    }

    // Three segments for both; of the fourth one window got 40 pictures, the other some 27.
    void LoseSource()
    {
        for (var msn = 0; msn < 3; msn++)
        {
            Both(_stream.Segment(_stream.Mark(msn)));
        }

        var open = _stream.Segment(_stream.Mark(3), frames: 40);
        _near.Append(open.ToArray());
        _far.Append(open.Take(80).ToArray());
        open.ForEach(frame => frame.Frame.Data.Release());
    }

    void GoOn(Func<SegmentMark, SegmentMark> change, long from = 3)
    {
        using var next = new SyntheticStream(_stream.Pool);
        for (var msn = from; msn < from + 3; msn++)
        {
            Both(next.Segment(change(next.Mark(msn, epoch: 2))));
        }
    }

    void Both(List<MarkedFrame> frames)
    {
        _near.Append(frames.ToArray());
        _far.Append(frames.ToArray());
        frames.ForEach(frame => frame.Frame.Data.Release());
    }

    void AssertEqualPlaylists()
    {
        Assert.Equal(Playlist(_near), Playlist(_far));
        Assert.Equal(Playlist(_near, audio: true), Playlist(_far, audio: true));
    }

    static string Playlist(LiveWindow window, bool audio = false) => Encoding.UTF8.GetString(
        new HlsPlaylists(window).Media(window.View, HlsForm.Cmaf, audio ? 0 : 1, audio ? 1 : 0)!.Plain.Span);
}
