using Tributary.Grains.LiveStreams;

namespace Tributary.Unit.LiveStreams;

public sealed class RenditionLadderTests
{
    static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    readonly Tributary.Unit.Rtmp.ManualTime _time = new();
    readonly RenditionLadder _ladder;

    public RenditionLadderTests() => _ladder = new RenditionLadder(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), _time);

    [Fact]
    public void The_first_leads_and_the_next_joins_where_its_segment_began_by_the_same_timestamps()
    {
        Assert.Equal(RenditionOutcome.Leads, _ladder.Join(2, new SourcePlace(), 0).Outcome);
        _ladder.Promise(2);
        Assert.Equal(RenditionOutcome.Waits, _ladder.Join(1, Candidate(0), 0).Outcome);   // it has not begun

        _ladder.Note(2, Report(open: 7));
        var (outcome, at) = _ladder.Join(1, Candidate(3), 0);
        Assert.Equal((RenditionOutcome.Follows, 7L, Start(7)), (outcome, at!.Msn, at.Start90k));
        Assert.Equal(Start(0), at.Offset90k);
    }

    [Fact]
    public void Who_was_promised_the_lead_and_never_begins_is_not_waited_for()
    {
        _ladder.Promise(1);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(RenditionOutcome.Leads, _ladder.Join(2, Candidate(0), 0).Outcome);
    }

    [Fact]
    public void A_source_waits_while_its_kept_frames_begin_after_the_place_or_its_numbers_are_used()
    {
        _ladder.Note(1, Report(open: 7));
        Assert.Equal(RenditionOutcome.Waits, _ladder.Join(2, Candidate(7) with { Kept90k = 8 * 180_000 }, 0).Outcome);
        Assert.Equal(RenditionOutcome.Waits, _ladder.Join(2, Candidate(3), firstFree: 8).Outcome);
        Assert.Equal(RenditionOutcome.Waits, _ladder.Join(2, Candidate(3, clock: 45_000), 0).Outcome);   // stamped by a clock of its own
        Assert.Equal(RenditionOutcome.Follows, _ladder.Join(2, Candidate(3), firstFree: 7).Outcome);
    }

    [Fact]
    public void Sound_alone_joins_where_its_clock_agrees_to_within_a_second()
    {
        _ladder.Note(1, Report(open: 7));
        var sound = new SourcePlace { Kept90k = 0, Newest = new KeyFrameSight(10_000 + 7 * 180_000, 7 * 180_000, 0, Now + TimeSpan.FromSeconds(14)) };
        var (outcome, at) = _ladder.Join(4, sound, 0);
        Assert.Equal((RenditionOutcome.Follows, Start(0) + 10_000), (outcome, at!.Offset90k));
        Assert.Equal(RenditionOutcome.Waits, _ladder.Join(4, sound with { Newest = sound.Newest with { Arrived = Now + TimeSpan.FromSeconds(20) } }, 0).Outcome);
    }

    [Fact]
    public void Another_leads_when_the_one_that_led_is_gone_or_unheard()
    {
        _ladder.Note(1, Report(open: 7));
        _ladder.Note(2, Report(open: 7));
        Assert.Equal(1, _ladder.Leading);
        _ladder.Gone(1);
        Assert.Equal(2, _ladder.Leading);
        _ladder.Note(1, Report(open: 9));
        Assert.Equal(2, _ladder.Leading);   // who leads goes on leading
        _time.Advance(TimeSpan.FromSeconds(4));
        _ladder.Note(1, Report(open: 11));
        Assert.Equal(1, _ladder.Leading);
    }

    [Fact]
    public void Segments_that_begin_elsewhere_are_astray()
    {
        _ladder.Note(1, Report(open: 7));
        _ladder.Note(2, Report(open: 7));
        Assert.False(_ladder.IsAstray(2));
        _ladder.Note(1, Report(open: 8));
        _ladder.Note(2, Report(open: 8) with { Open90k = Start(8) + 90_000 });
        Assert.True(_ladder.IsAstray(2));
        Assert.False(_ladder.IsAstray(1));
    }

    static long Start(long msn) => 900_000 + msn * 180_000;

    static SourceReport Report(long open) => new()
    {
        Session = Guid.NewGuid(), Epoch = 1, NextMsn = open + 1, DiscontinuitySequence = 0, End90k = Start(open + 1), TargetDuration = 2,
        Health = new SourceHealth(), OpenMsn = open, Open90k = Start(open), OpenTime = Now + TimeSpan.FromSeconds(2 * open),
        Request = new PublishRequest { Session = Guid.NewGuid(), Slot = 0, Node = "n", FrameLink = "", Encoder = "e" },
        Place = Candidate(open) with { Shift90k = Start(0) },
    };

    // A source that began at 0 of its own timeline with a key frame every two seconds; it has stamped them from `clock` on.
    static SourcePlace Candidate(long newest, long clock = 0) => new()
    {
        Configuration = 1,
        Kept90k = 0,
        KeyFrames = [.. Enumerable.Range(0, 8).Select(back => Sight(newest - 7 + back, clock)).Where(sight => sight.Place90k >= 0)],
        Newest = Sight(newest, clock),
    };

    static KeyFrameSight Sight(long second, long clock) => new(clock + second * 180_000, second * 180_000, 0, Now + TimeSpan.FromSeconds(2 * second));
}
