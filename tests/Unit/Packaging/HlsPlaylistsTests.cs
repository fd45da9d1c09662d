using System.IO.Compression;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Unit.Packaging;

public sealed class HlsPlaylistsTests : IDisposable
{
    readonly SyntheticStream _stream = new();
    readonly LiveWindow _window = new(new LiveWindowOptions { Window = TimeSpan.FromSeconds(10) }, SyntheticStream.Muxers);
    readonly HlsPlaylists _playlists;

    public HlsPlaylistsTests() => _playlists = new HlsPlaylists(_window);

    public void Dispose()
    {
        _window.Dispose();
        _stream.Dispose();
        Assert.Equal(0, _stream.Pool.SlabsInUse);
    }

    void SendSegments(long from, long end, long discontinuities = 0, TrackInfo? picture = null, bool audio = true)
    {
        for (var msn = from; msn < end; msn++)
        {
            var mark = _stream.Mark(msn, discontinuities, discontinuities > 0 && msn == from, 1 + discontinuities);
            SyntheticStream.Send(_window, _stream.Segment(mark, picture: picture, audio: audio));
        }
    }

    PlaylistText Text(HlsForm form, int video, int audio) => _playlists.Media(_window.View, form, video, audio)!;

    ParsedPlaylist Media(HlsForm form, int video, int audio) => HlsRules.CheckMedia(Text(form, video, audio).Plain.Span);

    static string Utf8(PlaylistText text) => Encoding.UTF8.GetString(text.Plain.Span);

    [Fact]
    public void A_video_playlist_reads_as_written_by_hand()
    {
        SendSegments(7, 10);
        Assert.Equal("""
            #EXTM3U
            #EXT-X-VERSION:7
            #EXT-X-TARGETDURATION:2
            #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.000000,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0
            #EXT-X-PART-INF:PART-TARGET=1.000000
            #EXT-X-MEDIA-SEQUENCE:7
            #EXT-X-DISCONTINUITY-SEQUENCE:0
            #EXT-X-INDEPENDENT-SEGMENTS
            #EXT-X-MAP:URI="init-v1-0f37a8ee399c397f.mp4"
            #EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:19.000Z
            #EXT-X-PART:DURATION=1.000000,INDEPENDENT=YES,URI="part-7-0-v1.m4s"
            #EXT-X-PART:DURATION=1.000000,URI="part-7-1-v1.m4s"
            #EXTINF:2.000000,
            seg-7-v1.m4s
            #EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:21.000Z
            #EXT-X-PART:DURATION=1.000000,INDEPENDENT=YES,URI="part-8-0-v1.m4s"
            #EXT-X-PART:DURATION=1.000000,URI="part-8-1-v1.m4s"
            #EXTINF:2.000000,
            seg-8-v1.m4s
            #EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:23.000Z
            #EXT-X-PART:DURATION=1.000000,INDEPENDENT=YES,URI="part-9-0-v1.m4s"
            #EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-9-1-v1.m4s"
            #EXT-X-RENDITION-REPORT:URI="index-a1.m3u8",LAST-MSN=9,LAST-PART=0

            """, Utf8(Text(HlsForm.Cmaf, 1, 0)));
    }

    [Fact]
    public void An_audio_playlist_has_its_own_durations_and_start_times()
    {
        SendSegments(7, 9);

        // 14 s are 656.25 frames of 1,024 samples: the first that starts in the segment is frame 657, 16 ms later; 93 frames follow until 16 s.
        var segment = Media(HlsForm.Cmaf, 0, 1).Segments[0];
        Assert.Equal((1.984m, "seg-7-a1.m4s"), (segment.Duration, segment.Uri));
        Assert.Equal(SyntheticStream.Epoch.AddSeconds(14).AddMilliseconds(16), segment.ProgramDateTime);
    }

    [Fact]
    public void A_master_playlist_names_everything_that_a_player_needs()
    {
        SendSegments(0, 3);

        // The larger of two segments: video 50 frames of 100 bytes and two chunk headers of 16 bytes in 2 s = 20,128 b/s; audio 94 frames of
        // 20 bytes and a header of 15 in 2.005333 s = 7,560 b/s. Their sum and a tenth, up to the next 1,024; the average likewise without the tenth.
        Assert.Equal("""
            #EXTM3U
            #EXT-X-VERSION:7
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio6",NAME="Audio 1",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="index-a1.m3u8"
            #EXT-X-STREAM-INF:BANDWIDTH=30720,AVERAGE-BANDWIDTH=28672,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO="audio6",CLOSED-CAPTIONS=NONE
            index-v1.m3u8

            """, Utf8(_playlists.Master(_window.View, HlsForm.Cmaf)!));
        HlsRules.CheckMaster(_playlists.Master(_window.View, HlsForm.Cmaf)!.Plain.Span);
    }

    [Fact]
    public void A_transport_stream_has_video_and_audio_in_one_playlist()
    {
        SendSegments(0, 3);
        var variant = Assert.Single(HlsRules.CheckMaster(_playlists.Master(_window.View, HlsForm.Ts)!.Plain.Span));
        Assert.Equal("index-v1-a1.m3u8", variant.Uri);

        var playlist = Media(HlsForm.Ts, 1, 1);
        Assert.Equal((3, "seg-0-v1-a1.ts", 2.0m), (playlist.Version, playlist.Segments[0].Uri, playlist.Segments[0].Duration));
        Assert.Equal("seg-0-a1.ts", Media(HlsForm.Ts, 0, 1).Segments[0].Uri);
    }

    [Fact]
    public void Audio_alone_is_a_variant()
    {
        var mark = _stream.Mark(0);
        SyntheticStream.Send(_window, _stream.Segment(mark, video: false));
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(1), video: false));
        var variant = Assert.Single(HlsRules.CheckMaster(_playlists.Master(_window.View, HlsForm.Cmaf)!.Plain.Span));
        Assert.Equal(("index-a1.m3u8", "mp4a.40.2"), (variant.Uri, variant.Attributes["CODECS"]));
    }

    [Fact]
    public void A_form_that_cannot_carry_the_codec_has_no_playlist()
    {
        var hevc = SyntheticStream.Video with { Codec = Codec.Hevc, CodecString = "hvc1.1.6.L93.B0" };
        SendSegments(0, 2, picture: hevc, audio: false);
        Assert.Null(_playlists.Master(_window.View, HlsForm.Ts));
        Assert.Null(_playlists.Media(_window.View, HlsForm.Ts, 1, 0));
        Assert.NotNull(_playlists.Media(_window.View, HlsForm.Cmaf, 1, 0));
    }

    [Fact]
    public void Nothing_is_told_before_the_first_segment_is_complete()
    {
        SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(0)));
        Assert.Null(_playlists.Master(_window.View, HlsForm.Cmaf));
        Assert.Null(_playlists.Media(_window.View, HlsForm.Cmaf, 1, 0));
        Assert.Null(_playlists.Media(_window.View, HlsForm.Cmaf, 3, 0));
    }

    [Fact]
    public void The_rules_hold_from_reload_to_reload_while_sources_come_and_go()
    {
        List<ParsedPlaylist> video = [], audio = [], muxed = [];
        var (discontinuities, held) = (0L, false);
        for (var msn = 0L; msn < 60; msn++)
        {
            var starts = held || msn is 41;
            discontinuities += starts ? 1 : 0;
            var mark = _stream.Mark(msn, discontinuities, starts, epoch: 1 + discontinuities);
            SyntheticStream.Send(_window, _stream.Segment(mark, audio: msn is < 20 or > 24, frames: msn is 12 ? 10 : 50));
            held = msn is 12 or 30;
            if (held)
            {
                _window.Pause(WindowPause.SourceLost);
            }

            if (msn > 0)
            {
                video.Add(Media(HlsForm.Cmaf, 1, 0));
                audio.Add(Media(HlsForm.Cmaf, 0, 1));
                muxed.Add(Media(HlsForm.Ts, 1, 1));
                HlsRules.CheckAligned(video[^1], audio[^1]);
                HlsRules.CheckAligned(video[^1], muxed[^1]);
            }
        }

        foreach (var reloads in (List<ParsedPlaylist>[])[video, audio, muxed])
        {
            foreach (var (before, after) in reloads.Zip(reloads.Skip(1)))
            {
                HlsRules.CheckReload(before, after);
            }
        }

        Assert.Contains(audio, playlist => playlist.Segments.Any(segment => segment.Gap));
        Assert.Equal(3, video[^1].Segments[^1].DiscontinuitySequence);
    }

    [Fact]
    public void The_discontinuity_sequence_rises_when_the_tag_leaves_the_window()
    {
        SendSegments(0, 5);
        _window.Pause(WindowPause.SourceLost);
        SendSegments(5, 12, discontinuities: 1);
        var playlist = Media(HlsForm.Cmaf, 1, 0);
        Assert.Equal((6, 1), (playlist.MediaSequence, playlist.DiscontinuitySequence));
        Assert.All(playlist.Segments, segment => Assert.Equal(0, segment.Discontinuities));
    }

    [Fact]
    public void A_number_that_no_source_used_keeps_its_discontinuities_when_it_comes_first()
    {
        SendSegments(0, 4);
        ParsedPlaylist? before = null;
        for (var msn = 5; msn < 24; msn++)   // after a run of which nothing was seen
        {
            SyntheticStream.Send(_window, _stream.Segment(_stream.Mark(msn, discontinuities: 2, starts: msn == 5, epoch: 2)));
            var now = HlsRules.CheckMedia(_playlists.Media(_window.View, HlsForm.Cmaf, 1, 0)!.Plain.Span);
            if (before is not null)
            {
                HlsRules.CheckReload(before, now);
            }

            before = now;
        }

        Assert.True(before!.MediaSequence > 4);
    }

    [Fact]
    public void A_new_configuration_has_a_new_map()
    {
        SendSegments(0, 3);
        _window.Pause(WindowPause.SourceLost);
        SendSegments(3, 6, discontinuities: 1, picture: SyntheticStream.Video with { DecoderConfig = new byte[] { 4, 5, 6 } });
        var segments = Media(HlsForm.Cmaf, 1, 0).Segments;
        Assert.Single(segments.Take(3).Select(segment => segment.Map).Distinct());
        Assert.NotEqual(segments[2].Map, segments[3].Map);
        Assert.Equal(1, segments[3].Discontinuities);

        Assert.True(HlsRequest.TryParse(segments[3].Map, out var request));
        var init = _window.View.Init(_window.View.Find(TrackKind.Video, 1)!, request.Init);
        Assert.Equal("init avc1.64001f 040506", Encoding.ASCII.GetString(init!.Bytes.Span));
    }

    [Fact]
    public void A_lost_source_does_not_end_the_playlist_and_the_end_of_the_stream_does()
    {
        SendSegments(0, 3);
        _window.Pause(WindowPause.SourceLost);
        Assert.False(Media(HlsForm.Cmaf, 1, 0).Ended);
        _window.Pause(WindowPause.OffAir);
        Assert.True(Media(HlsForm.Cmaf, 1, 0).Ended);
        Assert.True(Media(HlsForm.Ts, 1, 1).Ended);
    }

    [Fact]
    public void A_segment_without_a_key_frame_takes_the_claim_of_independence_away()
    {
        SendSegments(0, 2);
        var frames = _stream.Segment(_stream.Mark(2), audio: false);
        frames[0].Frame.Data.Release();
        SyntheticStream.Send(_window, frames.Skip(1));
        SendSegments(3, 4);
        Assert.False(Media(HlsForm.Cmaf, 1, 0).Independent);
    }

    [Fact]
    public void A_playlist_is_written_once_per_change_and_shared()
    {
        SendSegments(0, 3);
        var first = Text(HlsForm.Cmaf, 1, 0);
        Assert.Same(first, Text(HlsForm.Cmaf, 1, 0));
        var renders = _playlists.Renders;
        SyntheticStream.Send(_window, _stream.Sound(_stream.Mark(3), 289_792));
        Assert.Same(first, Text(HlsForm.Cmaf, 1, 0));
        Assert.Equal(renders, _playlists.Renders);

        SendSegments(3, 4);
        Assert.NotSame(first, Text(HlsForm.Cmaf, 1, 0));
        Assert.NotEqual(first.ETag, Text(HlsForm.Cmaf, 1, 0).ETag);
    }

    [Fact]
    public void A_shared_playlist_costs_no_memory()
    {
        SendSegments(0, 3);
        var view = _window.View;
        _ = _playlists.Media(view, HlsForm.Cmaf, 1, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var request = 0; request < 100; request++)
        {
            _ = _playlists.Media(view, HlsForm.Cmaf, 1, 0);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_compressed_form_has_the_same_text()
    {
        SendSegments(0, 3);
        var text = Text(HlsForm.Cmaf, 1, 0);
        using var gzip = new GZipStream(new MemoryStream(text.Gzip.ToArray()), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        Assert.Equal(text.Plain.ToArray(), plain.ToArray());
        Assert.NotEqual(text.ETag, text.GzipETag);
    }

    [Fact]
    public void No_duration_is_listed_beyond_the_target()
    {
        var mark = _stream.Mark(0);
        SyntheticStream.Send(_window, _stream.Picture(mark, 0), _stream.Picture(_stream.Mark(1, start90k: 300_000), 0));
        Assert.Equal(2.499999m, Media(HlsForm.Cmaf, 1, 0).Segments[0].Duration);
    }
}
