using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

public sealed class LiveWindowTests : IDisposable
{
    readonly SyntheticStream _stream = new();
    readonly LiveWindow _window = new(new LiveWindowOptions(), SyntheticStream.Muxers);

    public void Dispose()
    {
        _window.Dispose();
        _stream.Dispose();
        Assert.Equal(0, _stream.Pool.SlabsInUse);
    }

    TrackView Video => _window.View.Find(TrackKind.Video, 1)!;

    TrackView Audio => _window.View.Find(TrackKind.Audio, 1)!;

    void SendSegments(long from, long end, bool audio = true)
    {
        for (var msn = from; msn < end; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn), audio: audio));
        }
    }

    [Fact]
    public void A_segment_is_complete_when_its_track_goes_on_in_the_next()
    {
        SendSegments(0, 1);
        Assert.DoesNotContain(_window.View.Tracks, track => track.End > track.First);

        SyntheticStream.Send(_window, _stream.Picture(_stream.Mark(1), 0));
        Assert.Equal(1, Video.End);
        Assert.Equal(0, Audio.End);

        SyntheticStream.Send(_window, _stream.Sound(_stream.Mark(1), 96_256));
        Assert.Equal(1, Audio.End);
        Assert.True(_window.View.IsReady);
    }

    [Fact]
    public void A_cmaf_body_is_each_part_s_header_and_its_frames_in_order()
    {
        SendSegments(0, 2, audio: false);

        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenCmaf(Video, 0, out var body));
        var bytes = SyntheticStream.Read(body!);
        body!.Dispose();

        // Two parts of 25 frames with 100 bytes each; the last frame lasts until the next part, or segment, begins.
        var first = Encoding.ASCII.GetBytes("[25x0+3600]");
        var second = Encoding.ASCII.GetBytes("[25x90000+3600]");
        Assert.Equal(first.Length + second.Length + 50 * 100, bytes.Length);
        Assert.Equal(first, bytes[..first.Length]);
        Assert.Equal(second, bytes.AsSpan(first.Length + 2_500, second.Length).ToArray());
        Assert.Equal(24, bytes[first.Length + 2_499]);
    }

    [Fact]
    public void Two_windows_that_joined_at_different_times_have_the_same_bytes()
    {
        using var late = new LiveWindow(new LiveWindowOptions(), SyntheticStream.Muxers);
        for (var msn = 0L; msn < 6; msn++)
        {
            MarkedFrame[] frames = [.. _stream.Segment(_stream.Mark(msn))];
            _window.Append(frames);
            if (msn >= 3)
            {
                late.Append(frames);
            }

            Array.ForEach(frames, frame => frame.Frame.Data.Release());
        }

        var track = late.View.Find(TrackKind.Audio, 1)!;
        Assert.Equal(SegmentLookup.Found, late.View.TryOpenCmaf(track, 4, out var one));
        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenCmaf(Audio, 4, out var other));
        Assert.Equal(SyntheticStream.Read(one!), SyntheticStream.Read(other!));
        Assert.Equal(3, track.First);
        one!.Dispose();
        other!.Dispose();
    }

    [Fact]
    public void Frames_of_a_segment_whose_start_was_missed_are_left_out()
    {
        var straggler = _stream.Sound(_stream.Mark(6), 0);
        SyntheticStream.Send(_window, _stream.Picture(_stream.Mark(7), 0), straggler, _stream.Picture(_stream.Mark(8), 0));
        Assert.Equal(SegmentLookup.Gone, _window.View.TryOpenCmaf(Video, 6, out _));
        Assert.Equal((7, 8), (Video.First, Video.End));
        Assert.Null(_window.View.Find(TrackKind.Audio, 1));
    }

    [Fact]
    public void A_stalled_audio_track_closes_when_the_picture_has_completed_the_segment_after_it()
    {
        SendSegments(0, 1);
        SendSegments(1, 2, audio: false);
        Assert.Equal((1, 0), (Video.End, Audio.End));

        SyntheticStream.Send(_window, _stream.Picture(_stream.Mark(2), 0));
        Assert.Equal((2, 1), (Video.End, Audio.End));
        Assert.False(_window.View.Segment(0)!.Track(Audio.Slot)!.IsGap);

        SendSegments(3, 5, audio: false);
        Assert.Equal(3, Audio.End);
        Assert.True(_window.View.Segment(1)!.Track(Audio.Slot)!.IsGap);
        Assert.Equal(SegmentLookup.Nothing, _window.View.TryOpenCmaf(Audio, 1, out _));
    }

    [Fact]
    public void A_stalled_picture_closes_when_the_sound_goes_on()
    {
        SendSegments(0, 2);
        for (var msn = 2; msn < 5; msn++)
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn), video: false));
        }

        Assert.Equal(4, Audio.End);
        Assert.Equal(3, Video.End);
        Assert.True(_window.View.Segment(2)!.Track(Video.Slot)!.IsGap);
    }

    [Fact]
    public void A_lost_source_completes_what_is_open_and_the_next_source_goes_on()
    {
        SendSegments(0, 1);
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(1), frames: 10));
        _window.Pause(WindowPause.SourceLost);
        Assert.Equal((2, 2), (Video.End, Audio.End));
        Assert.Equal(WindowPause.SourceLost, _window.View.Pause);
        Assert.Equal(10 * SyntheticStream.FrameTicks, _window.View.Segment(1)!.Track(Video.Slot)!.Duration);

        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(2, 1, starts: true, epoch: 2)));
        Assert.Null(_window.View.Pause);
        Assert.Equal(3, _window.View.Segment(2)!.Msn + 1);
    }

    [Fact]
    public void A_newer_source_begins_an_unlisted_number_anew()
    {
        SendSegments(0, 2);
        var old = _stream.Segment(_stream.Mark(2), audio: false, frames: 5);
        SyntheticStream.Send(_window, old);
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(2, 1, starts: true, epoch: 2)));
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(3, 1, epoch: 2)));

        var segment = _window.View.Segment(2)!;
        Assert.Equal(2, segment.Mark!.Epoch);
        Assert.Equal(50, segment.Track(Video.Slot)!.FrameCount);
    }

    [Fact]
    public void A_listed_number_keeps_its_content_when_a_newer_source_repeats_it()
    {
        SendSegments(0, 2);
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(2), frames: 5));
        _window.Pause(WindowPause.SourceLost);
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(2, 1, starts: true, epoch: 2)));
        Assert.Equal(5, _window.View.Segment(2)!.Track(Video.Slot)!.FrameCount);

        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(3, 1, epoch: 2)));
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(4, 1, epoch: 2)));
        Assert.Equal(4, Video.End);
    }

    [Fact]
    public void Skipped_numbers_are_gaps_and_a_long_hole_begins_the_window_anew()
    {
        SendSegments(0, 2);
        SendSegments(4, 6);
        Assert.Null(_window.View.Segment(2)!.Mark);
        Assert.True(_window.View.Segment(3)!.Track(Video.Slot)!.IsGap);
        var generation = _window.View.Generation;

        SendSegments(100, 102);
        Assert.Equal(generation + 1, _window.View.Generation);
        Assert.Equal(100, _window.View.Front);
    }

    [Fact]
    public void The_window_slides_by_media_time_and_keeps_what_it_removed_for_as_long_again()
    {
        SendSegments(0, 60);

        // 30 s of 2 s segments, counted from what every track has: 0 to 58.
        Assert.Equal(44, _window.View.Front);
        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenCmaf(Video, 43, out var body));
        body!.Dispose();
        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenCmaf(Video, 28, out body));
        body!.Dispose();
        Assert.Equal(SegmentLookup.Gone, _window.View.TryOpenCmaf(Video, 10, out _));
        Assert.Equal(SegmentLookup.NotYet, _window.View.TryOpenCmaf(Video, 59, out _));
    }

    [Fact]
    public void Memory_is_bounded_by_bytes_before_time()
    {
        using var small = new LiveWindow(new LiveWindowOptions { MaxBytes = 60_000 }, SyntheticStream.Muxers);
        for (var msn = 0; msn < 20; msn++)
        {
            SyntheticStream.Send(small, _stream.Segment(_stream.Mark(msn), audio: false));
        }

        Assert.True(small.View.Front >= 8);
        Assert.True(_stream.Pool.BytesInUse < 80_000, $"{_stream.Pool.BytesInUse} bytes are kept");
    }

    [Fact]
    public void A_reader_keeps_its_segment_after_the_window_is_gone()
    {
        SendSegments(0, 2);
        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenCmaf(Video, 0, out var body));
        var before = SyntheticStream.Read(body!);
        _window.Dispose();
        Assert.Equal(before, SyntheticStream.Read(body!));
        Assert.NotEqual(0, _stream.Pool.SlabsInUse);
        body!.Dispose();
        body.Dispose();
    }

    [Fact]
    public void A_transport_stream_segment_interleaves_by_decoding_time_and_is_muxed_once()
    {
        SendSegments(0, 2);
        SyntheticStream.Send(_window, _stream.Sound(_stream.Mark(2), 192_512));
        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenTs(Video, Audio, 0, out var body));
        var text = Encoding.ASCII.GetString(SyntheticStream.Read(body!));
        Assert.StartsWith("ts 0VAAVAA", text, StringComparison.Ordinal);
        Assert.Equal(50, text.Count(letter => letter == 'V'));

        Assert.Equal(SegmentLookup.Found, _window.View.TryOpenTs(Video, Audio, 0, out var again));
        Assert.True(FirstPiece(body!).Span.Overlaps(FirstPiece(again!).Span));
        body!.Dispose();
        again!.Dispose();
    }

    static ReadOnlyMemory<byte> FirstPiece(SegmentBody body)
    {
        var pieces = body.GetEnumerator();
        Assert.True(pieces.MoveNext());
        return pieces.Current;
    }

    [Fact]
    public async Task A_change_wakes_who_waits_for_it()
    {
        var changed = _window.Changed;
        Assert.Same(changed, _window.Changed);
        SendSegments(0, 1);
        await changed.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.NotSame(changed, _window.Changed);
    }

    [Fact]
    public void After_the_end_of_the_stream_a_new_source_begins_a_new_list()
    {
        SendSegments(0, 3);
        _window.Pause(WindowPause.OffAir);
        Assert.Equal(WindowPause.OffAir, _window.View.Pause);
        Assert.Equal(3, Video.End);

        _stream.TargetDuration = 4;
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(3, 1, starts: true, epoch: 2)));
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(4, 1, epoch: 2)));
        Assert.Equal((3, 4), (_window.View.Front, _window.View.TargetDuration));
        Assert.Null(_window.View.Pause);
    }

    [Fact]
    public void A_stream_that_pauses_in_its_first_segment_settles_the_target_as_the_marker_does()
    {
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(0), frames: 90));
        _window.Pause(WindowPause.SourceLost);
        Assert.Equal(4, _window.View.TargetDuration);
    }

    [Fact]
    public void Frames_that_do_not_fit_are_dropped_and_counted()
    {
        SendSegments(0, 2);
        var mark = _stream.Mark(2);
        var other = SyntheticStream.Video with { DecoderConfig = new byte[] { 9 } };
        SyntheticStream.Send(_window, _stream.Picture(mark, 0), _stream.Picture(mark, 1, other), _stream.Picture(_stream.Mark(0), 2));
        for (var id = 2; id < 20; id++)
        {
            SyntheticStream.Send(_window, _stream.Picture(mark, 2, SyntheticStream.Video with { Id = id }));
        }

        SyntheticStream.Send(_window, _stream.Picture(_stream.Mark(3), 0));
        Assert.Equal(new WindowDrops(Late: 1, Configuration: 1, SegmentTooLarge: 0, TooManyTracks: 9), _window.View.Drops);
    }

    [Fact]
    public void A_frame_within_a_part_costs_no_memory()
    {
        SendSegments(0, 3);
        var mark = _stream.Mark(3);
        MarkedFrame[] frames = [.. Enumerable.Range(0, 25).Select(index => _stream.Picture(mark, index))];
        _window.Append(frames.AsSpan(0, 2));   // the first opens the segment and completes the one before it
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 2; index < 25; index++)
        {
            _window.Append(frames.AsSpan(index, 1));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Array.ForEach(frames, frame => frame.Frame.Data.Release());
    }
}
