using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

/// <summary>
/// Small histories of an adaptive stream, each of which broke a rule in some form when it was found among the violent ones (<see cref="LadderStormTests"/>).
/// After each step somebody looks at every form, and checks what he sees against what he saw before.
/// </summary>
public sealed class LadderHistoryTests : IDisposable
{
    readonly FramePool _pool = new(4_096) { Poison = true };
    readonly Rung[] _rungs;
    readonly LiveLadder _ladder;
    readonly StormViewers _viewers;
    readonly HlsPlaylists _playlists = new(SyntheticStream.Muxers);
    (long Number, long First, long Start90k) _run = (0, 0, 900_000);
    long _epoch;

    public LadderHistoryTests()
    {
        _rungs = [.. Enumerable.Range(1, 3).Select(rendition => new Rung(rendition))];
        _ladder = new LiveLadder(_rungs[0].Window);
        _ladder.Add(2, _rungs[1].Window);
        _ladder.Add(3, _rungs[2].Window);
        _viewers = new StormViewers(_ladder, new Watchful());
        foreach (var rung in _rungs)
        {
            Return(rung.Rendition);
        }
    }

    public void Dispose()
    {
        foreach (var rung in _rungs)
        {
            rung.Window.Dispose();
            Drop(rung);
            rung.Sources.ForEach(source => source.Dispose());
        }

        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Fact]
    public void A_rendition_that_others_fill_is_listed_up_to_where_the_last_of_them_broke_off()
    {
        Whole(0..4, 1, 2, 3);
        Lose(1);
        Look();
        Begin(4, 50, 2, 3);
        Begin(5, 50, 2, 3);
        Lose(2, 3);
        Look();
        Assert.Equal("seg-4-v11.m4s", Listed("v1")[^1]);
    }

    [Fact]
    public void A_fragment_keeps_its_length_when_the_same_run_goes_on_after_all_were_lost()
    {
        Whole(0..6, 1, 2, 3);
        Lose(1, 2, 3);
        Look();
        Return(1, 2, 3);
        Whole(6..10, 1, 2, 3);
    }

    [Fact]
    public void What_Smooth_Streaming_listed_while_nothing_came_is_there_until_it_is_listed_no_more()
    {
        Whole(0..9, 1, 2, 3);
        Lose(1, 2, 3);
        Look();
        Return(1, 2, 3);
        Whole(9..14, 1, 2, 3);
    }

    [Fact]
    public void A_number_in_which_a_rendition_broke_off_is_as_long_as_for_others_though_all_are_lost_by_now()
    {
        Whole(0..5, 1, 2, 3);
        Begin(5, 45, 1, 2, 3);
        Look();
        Lose(3);
        Look();
        Come(5, 50, 1, 2);
        Begin(6, 5, 1, 2);
        Lose(1, 2);
        Look();
        Again(7);
        Whole(7..9, 1, 2, 3);
        Assert.Equal(2, HlsRules.ParseMedia(Playlist("v21")).Segments.Single(segment => segment.Msn == 5).Duration);
    }

    [Fact]
    public void What_stands_in_a_lost_rendition_s_place_stays_in_its_period_while_the_first_numbers_go()
    {
        Whole(0..4, 1, 2, 3);
        Lose(1);
        Look();
        Whole(4..6, 2, 3);
        Return(1);
        Whole(6..16, 1, 2, 3);
    }

    [Fact]
    public void A_number_that_is_begun_anew_after_a_discontinuity_is_not_what_the_lost_sources_left_of_it()
    {
        Whole(0..5, 1, 2, 3);
        Begin(5, 30, 1, 2, 3);
        Look();
        Settle(1, 2, 3);
        Look();
        Again(5);
        Begin(5, 30, 3);
        Look();
        Begin(5, 30, 1);
        Look();
        Come(5, 50, 1, 3);
        Whole(6..8, 1, 3);
    }

    [Fact]
    public void A_number_in_which_the_last_rendition_broke_off_waits_for_another_that_may_bring_all_of_it()
    {
        Whole(0..5, 1, 2, 3);
        Lose(2, 3);
        Begin(5, 10, 1);
        Look();
        Lose(1);
        Look();
        Assert.Equal("seg-4-v1.m4s", Listed("v1")[^1]);
        Return(2, 3);
        Whole(5..8, 2, 3);
        Assert.Equal(2, HlsRules.ParseMedia(Playlist("v1")).Segments.Single(segment => segment.Msn == 5).Duration);
    }

    [Fact]
    public void What_waits_is_listed_when_the_next_source_comes_after_a_discontinuity()
    {
        Whole(0..5, 1, 2, 3);
        Lose(2, 3);
        Begin(5, 10, 1);
        Lose(1);
        Look();
        Again(6);
        Begin(6, 1, 3);   // a picture, and no sound yet
        Look();
        Come(6, 50, 3);
        Whole(7..9, 3);
        Assert.Equal(0.4m, HlsRules.ParseMedia(Playlist("v1")).Segments.Single(segment => segment.Msn == 5).Duration);
    }

    [Fact]
    public void What_waits_is_listed_when_the_stream_ends()
    {
        Whole(0..5, 1, 2, 3);
        Lose(2, 3);
        Begin(5, 10, 1);
        Lose(1);
        Look();
        foreach (var rung in _rungs)
        {
            rung.Window.Pause(WindowPause.OffAir);
        }

        Assert.Equal("seg-5-v1.m4s", Listed("v1")[^1]);
    }

    [Fact]
    public void A_rendition_whose_carrier_is_behind_waits_for_it()
    {
        ShowsPartsOfTheThird();
        Return(2);
        Begin(5, 50, 2);
        Begin(6, 5, 2);   // the nearest is ahead of who fills 5
        Look();
        Assert.Equal("seg-4-v1.m4s", Listed("v1")[^1]);
    }

    [Fact]
    public void A_rendition_whose_carrier_is_ahead_of_the_nearest_goes_with_it()
    {
        ShowsPartsOfTheThird();
        Return(2);
        Begin(5, 30, 2);
        Look();
        Come(5, 50, 3);
        Begin(6, 5, 3);
        Look();
        Assert.Equal("seg-5-v21.m4s", Listed("v1")[^1]);
    }

    // The first rendition shows parts of the third, and then the second, which is nearer, comes back.
    void ShowsPartsOfTheThird()
    {
        Whole(0..5, 1, 2, 3);
        Lose(1, 2);
        Begin(5, 30, 3);
        Look();
    }

    [Fact]
    public void Nothing_comes_to_be_listed_before_the_first_number_that_is()
    {
        Whole(0..4, 1, 2, 3);
        Lose(3);
        Look();
        Whole(4..9, 1, 2);
        Lose(1, 2);
        Look();
        Again(9);
        Begin(9, 30, 3);   // its window begins anew over so long a hole
        Look();
        var first = Listed("v21")[0];
        Begin(9, 30, 1);
        Look();
        Assert.Equal(first, Listed("v21")[0]);
    }

    [Fact]
    public void A_rendition_that_is_back_says_how_long_the_number_is_in_which_who_filled_it_broke_off()
    {
        Whole(0..5, 1, 2, 3);
        Lose(2, 3);
        Begin(5, 30, 1);
        Look();
        Return(2);
        Begin(5, 10, 2);
        Lose(1);
        Look();
        Come(5, 50, 2);
        Whole(6..8, 2);
        Assert.Equal(2, HlsRules.ParseMedia(Playlist("v11")).Segments.Single(segment => segment.Msn == 5).Duration);
    }

    void Look()
    {
        for (var time = 0; time < 2; time++)
        {
            _viewers.Look();
        }
    }

    // Each rendition's frames by themselves, and somebody looks after each.
    void Whole(Range numbers, params int[] renditions)
    {
        for (var msn = numbers.Start.Value; msn < numbers.End.Value; msn++)
        {
            foreach (var rendition in renditions)
            {
                Begin(msn, 50, rendition);
                if (msn > 2)
                {
                    Look();
                }
            }
        }
    }

    /// <summary>The first pictures of a number, and the sound that goes with them.</summary>
    void Begin(long msn, int pictures, params int[] renditions)
    {
        foreach (var rung in renditions.Select(rendition => _rungs[rendition - 1]))
        {
            Drop(rung);
            var start90k = StartOf(msn);
            var mark = rung.Source.Mark(msn, _run.Number, msn == _run.First && _run.Number > 0, rung.Epoch, start90k) with { RunStart90k = _run.Start90k };
            rung.Rest.AddRange(rung.Source.Segment(mark, picture: rung.Picture));
            Come(msn, pictures, rung.Rendition);
        }
    }

    void Come(long msn, int pictures, params int[] renditions)
    {
        foreach (var rung in renditions.Select(rendition => _rungs[rendition - 1]))
        {
            var end90k = StartOf(msn) + pictures * SyntheticStream.FrameTicks;
            var count = rung.Rest.FindIndex(frame => frame.Frame.Pts90k >= end90k) is var index and >= 0 ? index : rung.Rest.Count;
            SyntheticStream.Send(rung.Window, rung.Rest[..count]);
            rung.Rest.RemoveRange(0, count);
        }
    }

    long StartOf(long msn) => _run.Start90k + (msn - _run.First) * 180_000;

    void Lose(params int[] renditions)
    {
        foreach (var rendition in renditions)
        {
            _rungs[rendition - 1].Window.Pause(WindowPause.SourceLost);
        }
    }

    void Settle(params int[] renditions)
    {
        foreach (var rendition in renditions)
        {
            Assert.False(_rungs[rendition - 1].Window.Settle(_rungs[rendition - 1].Epoch)!.PartsSent);
            Lose(rendition);
        }
    }

    void Return(params int[] renditions)
    {
        foreach (var rung in renditions.Select(rendition => _rungs[rendition - 1]))
        {
            rung.Epoch = ++_epoch;
            rung.Sources.Add(rung.Source = new SyntheticStream(_pool));
        }
    }

    /// <summary>After all were lost a new run begins, three seconds later, with everybody.</summary>
    void Again(long first)
    {
        _run = (_run.Number + 1, first, StartOf(first) + 270_000);
        Return(1, 2, 3);
    }

    static void Drop(Rung rung)
    {
        rung.Rest.ForEach(frame => frame.Frame.Data.Release());
        rung.Rest.Clear();
    }

    List<string> Listed(string track) => [.. HlsRules.ParseMedia(Playlist(track)).Segments.Select(segment => segment.Uri)];

    byte[] Playlist(string track)
    {
        var number = int.Parse(track[1..], null);
        return _playlists.Media(_ladder.View, HlsForm.Cmaf, track[0] == 'v' ? number : 0, track[0] == 'a' ? number : 0)!.Plain.ToArray();
    }

    /// <summary>Looks at everything, and fetches nothing.</summary>
    sealed class Watchful : Random
    {
        public override int Next(int maxValue) => 1;
    }

    sealed class Rung(int rendition)
    {
        public int Rendition => rendition;

        public LiveWindow Window { get; } = new(new LiveWindowOptions { Window = TimeSpan.FromSeconds(12) }, SyntheticStream.Muxers, rendition);

        // ISO/IEC 14496-15 §5.3.3.1: one SPS of four bytes, one PPS of two.
        public TrackInfo Picture { get; } = SyntheticStream.Video with
        {
            DecoderConfig = new byte[] { 1, 100, 0, 31, 0xFF, 0xE1, 0, 4, 0x67, 100, (byte)rendition, 31, 1, 0, 2, 0x68, 0xEE },
        };

        public SyntheticStream Source { get; set; } = null!;

        public List<SyntheticStream> Sources { get; } = [];

        public List<MarkedFrame> Rest { get; } = [];

        public long Epoch { get; set; }
    }
}
