using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Unit.Media;

namespace Tributary.Unit.Rtmp;

public sealed class FlvToFramesTests : IDisposable
{
    // An H.264 IDR slice, a reference slice and a non-reference slice, of which only the first bytes matter here.
    const string Idr = "00000003 658884", Reference = "00000003 419A01", Disposable = "00000003 019E02", Sei = "00000002 0605";

    readonly FramePool _pool = new() { Poison = true };
    readonly FrameArena _arena;
    readonly Recorder _sink = new();
    readonly FlvToFrames _flv;

    public FlvToFramesTests()
    {
        _arena = new FrameArena(_pool);
        _flv = new FlvToFrames(_sink, _arena);
    }

    public void Dispose()
    {
        _sink.Frames.ForEach(frame => frame.Data.Release());
        _arena.Dispose();
        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Fact]
    public void H264_and_aac_become_frames_of_tracks_1_and_101()
    {
        Assert.Equal(FlvOutcome.Taken, Video(0, "17 00 000000" + CodecVectors.AvcC));
        Assert.Equal(FlvOutcome.Taken, Audio(0, "AF 00 1210"));
        Assert.Equal(FlvOutcome.Taken, Video(0xFFFFFFF0, "17 01 000050" + Sei + Idr));
        Assert.Equal(FlvOutcome.Taken, Video(24, "27 01 FFFFD8" + Disposable));
        Assert.Equal(FlvOutcome.Taken, Audio(7, "AF 01 2110"));

        Assert.Equal([1, 1, 101], _sink.Frames.Select(f => f.Track.Id));
        Assert.Equal([Codec.H264, Codec.H264, Codec.Aac], _sink.Frames.Select(f => f.Track.Codec));
        Assert.Equal([0xFFFFFFF0, 24, 7], _sink.Frames.Select(f => f.Dts));
        Assert.Equal([80, -40, 0], _sink.Frames.Select(f => f.CompositionOffset));
        Assert.Equal([FrameFlags.Key, FrameFlags.Disposable, FrameFlags.Key], _sink.Frames.Select(f => f.Flags));
        Assert.Equal(Wire.Hex(Sei + Idr), _sink.Frames[0].Data.Span.ToArray());
        Assert.Equal(Wire.Hex("2110"), _sink.Frames[2].Data.Span.ToArray());
        Assert.Equal(44_100, _sink.Frames[2].Track.SampleRate);
        Assert.All(_sink.Clocks, clock => Assert.Equal(SourceClock.Rtmp, clock));
    }

    [Theory]
    [InlineData("17", Reference, FrameFlags.None)]    // the tag says key, the picture does not
    [InlineData("27", Idr, FrameFlags.Key)]
    [InlineData("37", Reference, FrameFlags.None)]    // the tag says disposable, the picture does not
    [InlineData("27", Disposable, FrameFlags.Disposable)]
    public void Key_frames_are_found_in_the_pictures_and_not_in_the_tag(string first, string picture, FrameFlags flags)
    {
        Video(0, "17 00 000000" + CodecVectors.AvcC);
        Video(0, first + "01 000000" + picture);
        Assert.Equal(flags, Assert.Single(_sink.Frames).Flags);
    }

    [Fact]
    public void Frames_before_a_configuration_are_dropped_and_the_same_configuration_again_changes_nothing()
    {
        Assert.Equal(FlvOutcome.NotConfigured, Video(0, "17 01 000000" + Idr));
        Assert.Equal(FlvOutcome.NotConfigured, Audio(0, "AF 01 2110"));
        Video(0, "17 00 000000" + CodecVectors.AvcC);
        Video(0, "17 01 000000" + Idr);
        Video(40, "17 00 000000" + CodecVectors.AvcC);
        Video(40, "17 01 000000" + Idr);
        Assert.Equal(2, _sink.Frames.Count);
        Assert.Same(_sink.Frames[0].Track, _sink.Frames[1].Track);
    }

    [Fact]
    public void A_codec_may_change_in_mid_stream()
    {
        Video(0, "17 00 000000" + CodecVectors.AvcC);
        Video(0, "17 01 000000" + Idr);
        Video(40, "17 00 000000" + CodecVectors.AvcC422);
        Video(40, "17 01 000000" + Idr);
        Video(80, "90 68766331" + CodecVectors.HvcC);
        Video(80, "93 68766331 00000003 260102");   // HEVC IDR_W_RADL, CodedFramesX
        Assert.Equal([Codec.H264, Codec.H264, Codec.Hevc], _sink.Frames.Select(f => f.Track.Codec));
        Assert.Equal([1, 1, 1], _sink.Frames.Select(f => f.Track.Id));
        Assert.False(_sink.Frames[0].Track.IsSameConfiguration(_sink.Frames[1].Track));
        Assert.True(_sink.Frames[2].IsKey);
    }

    [Theory]
    [InlineData("17 01 000000 000000FF 6588")]      // a length beyond the frame
    [InlineData("17 01 000000 FFFFFFFF 6588")]
    [InlineData("17 01 000000 00000002 0605")]      // no picture at all
    [InlineData("17 01 000000 00000002 6588 00")]
    [InlineData("17 01")]
    [InlineData("17 00 000000 0164")]
    [InlineData("91 61766331 0000")]
    [InlineData("96")]
    public void Damaged_pictures_are_dropped_and_the_stream_goes_on(string hex)
    {
        Video(0, "17 00 000000" + CodecVectors.AvcC);
        Assert.Equal(FlvOutcome.Malformed, Video(0, hex));
        Assert.Empty(_sink.Frames);
        Assert.Equal(FlvOutcome.Taken, Video(0, "17 01 000000" + Idr));
    }

    [Fact]
    public void Short_nal_lengths_are_written_anew_with_four_bytes()
    {
        var avcC = CodecVectors.Bytes(CodecVectors.AvcC);
        avcC[4] = (byte)(avcC[4] & ~3 | 1);
        Video(0, "17 00 000000" + Convert.ToHexString(avcC));
        Video(0, "17 01 000000 0002 0605 0003 658884");
        var frame = Assert.Single(_sink.Frames);
        Assert.Equal(Wire.Hex(Sei + Idr), frame.Data.Span.ToArray());
        Assert.Equal(CodecVectors.AvcC, Convert.ToHexStringLower(frame.Track.DecoderConfig.Span));
        Assert.True(frame.IsKey);
    }

    [Theory]
    [InlineData("61763031", CodecVectors.Av1C, "1200" + CodecVectors.Av1Key, CodecVectors.Av1Key, Codec.Av1)]
    [InlineData("76703039", CodecVectors.Vp9FullBox, CodecVectors.Vp9Key, CodecVectors.Vp9Key, Codec.Vp9)]
    [InlineData("76703038", "", CodecVectors.Vp8Key, CodecVectors.Vp8Key, Codec.Vp8)]
    public void Enhanced_video_codecs(string fourCc, string config, string picture, string expected, Codec codec)
    {
        if (config.Length > 0)
        {
            Assert.Equal(FlvOutcome.Taken, Video(0, "90" + fourCc + config));
        }

        Assert.Equal(FlvOutcome.Taken, Video(10, "91" + fourCc + picture));
        var frame = Assert.Single(_sink.Frames);
        Assert.Equal((codec, true, expected), (frame.Track.Codec, frame.IsKey, Convert.ToHexStringLower(frame.Data.Span)));
        Assert.True(frame.Track.Width > 0);
    }

    [Theory]
    [InlineData("61632D33", CodecVectors.Ac3Frame, Codec.Ac3)]
    [InlineData("65632D33", CodecVectors.Eac3Frame, Codec.Eac3)]
    [InlineData("2E6D7033", CodecVectors.Mp3Frame, Codec.Mp3)]
    [InlineData("4F707573", CodecVectors.OpusPacket, Codec.Opus)]
    public void Enhanced_audio_codecs_that_describe_themselves(string fourCc, string packet, Codec codec)
    {
        packet = codec == Codec.Eac3 ? packet.PadRight(2 * 768, '0') : packet;   // its header gives the frame's length, and it is held to it
        Assert.Equal(FlvOutcome.Taken, Audio(10, "91" + fourCc + packet));
        Assert.Equal(FlvOutcome.Taken, Audio(30, "91" + fourCc + packet));
        Assert.Equal([codec, codec], _sink.Frames.Select(f => f.Track.Codec));
        Assert.Same(_sink.Frames[0].Track, _sink.Frames[1].Track);
        Assert.True(_sink.Frames[0].Track.SampleRate > 0);
    }

    [Theory]
    [InlineData("664C6143", "664C6143" + CodecVectors.FlacBox, 4, Codec.Flac)]
    [InlineData("6D703461", "1190", 0, Codec.Aac)]
    [InlineData("4F707573", "4F707573486561640102380180BB0000000000", 0, Codec.Opus)]
    [InlineData("4F707573", "", 0, Codec.Opus)]
    public void Enhanced_audio_codecs_with_a_configuration(string fourCc, string config, int skipFullBox, Codec codec)
    {
        var body = skipFullBox == 0 ? config : config[..8] + config[16..];   // the test vector has the box's version and flags before STREAMINFO
        Assert.Equal(FlvOutcome.Taken, Audio(0, "90" + fourCc + body));
        Assert.Equal(FlvOutcome.Taken, Audio(10, "91" + fourCc + CodecVectors.OpusPacket));
        Assert.Equal(codec, Assert.Single(_sink.Frames).Track.Codec);
    }

    [Fact]
    public void Older_mp3_needs_no_configuration()
    {
        Assert.Equal(FlvOutcome.Taken, Audio(10, "2F" + CodecVectors.Mp3Frame));
        Assert.Equal(Codec.Mp3, Assert.Single(_sink.Frames).Track.Codec);
    }

    [Fact]
    public void Multitrack_messages_hold_a_packet_for_each_track()
    {
        // ManyTracks of one codec: configurations, then a picture for tracks 0 and 1.
        var size = (CodecVectors.AvcC.Length / 2).ToString("X6", null);
        Assert.Equal(FlvOutcome.Taken, Video(0, $"96 10 61766331 00 {size} {CodecVectors.AvcC} 01 {size} {CodecVectors.AvcC}"));
        Assert.Equal(FlvOutcome.Taken, Video(40, $"96 11 61766331 00 00000A 000050 {Idr} 01 00000A 000000 {Reference}"));

        // OneTrack: no size. ManyTracksManyCodecs: a FourCC each.
        Assert.Equal(FlvOutcome.Taken, Audio(41, $"95 01 2E6D7033 03 {CodecVectors.Mp3Frame}"));
        Assert.Equal(
            FlvOutcome.Taken, Audio(42, $"95 21 61632D33 00 000010 {CodecVectors.Ac3Frame} 4F707573 01 000010 {CodecVectors.OpusPacket}"));

        Assert.Equal([1, 2, 104, 101, 102], _sink.Frames.Select(f => f.Track.Id));
        Assert.Equal([Codec.H264, Codec.H264, Codec.Mp3, Codec.Ac3, Codec.Opus], _sink.Frames.Select(f => f.Track.Codec));
        Assert.Equal([true, false, true, true, true], _sink.Frames.Select(f => f.IsKey));
        Assert.Equal(80, _sink.Frames[0].CompositionOffset);
    }

    [Theory]
    [InlineData("96 11 61766331 00 0000FF 00")]        // a track longer than the message
    [InlineData("96 31 61766331 00 000001 00")]        // a kind that is reserved
    [InlineData("96 11 6176")]
    [InlineData("96 01 61766331 C8 00000000000265")]   // a track number beyond the limit
    [InlineData("97 FF FFFF 00")]                      // ModEx beyond the message
    public void Multitrack_messages_that_lie_are_dropped(string hex) => Assert.Equal(FlvOutcome.Malformed, Video(0, hex));

    [Fact]
    public void Modifiers_before_a_packet_are_read()
    {
        Video(0, "17 00 000000" + CodecVectors.AvcC);
        // ModEx: 3 bytes of nanoseconds, then CodedFramesX.
        Assert.Equal(FlvOutcome.Taken, Video(40, "97 02 07A120 03 61766331" + Idr));
        var packets = new FlvPacketReader(Wire.Hex("97 02 07A120 03 61766331" + Idr), TrackKind.Video);
        Assert.True(packets.TryNext(out var packet));
        Assert.Equal((500_000, FlvPacketKind.Coded, Codec.H264), (packet.Nanoseconds, packet.Kind, packet.Codec));
        Assert.Single(_sink.Frames);
    }

    [Theory]
    [InlineData("")]                        // silence
    [InlineData("57 00")]                   // a seek command
    [InlineData("D1 00 61766331")]          // the same, enhanced
    [InlineData("94 61766331 02 0000")]     // HDR metadata
    [InlineData("17 02 000000")]            // end of sequence
    [InlineData("92 61766331")]
    public void What_is_no_frame_is_ignored(string hex) => Assert.Equal(FlvOutcome.Ignored, Video(0, hex));

    [Theory]
    [InlineData("22 00", TrackKind.Video, "Sorenson H.263")]
    [InlineData("24 00", TrackKind.Video, "VP6")]
    [InlineData("90 76766331 00", TrackKind.Video, "vvc1")]
    [InlineData("90 000A0D1B 00", TrackKind.Video, "????")]
    [InlineData("6F 00", TrackKind.Audio, "Nellymoser")]
    [InlineData("B6 00", TrackKind.Audio, "Speex")]
    [InlineData("3F 00", TrackKind.Audio, "PCM")]
    public void Other_codecs_are_refused_in_one_sentence_and_the_other_track_goes_on(string hex, TrackKind kind, string name)
    {
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(FlvOutcome.Unsupported, kind == TrackKind.Video ? Video(0, hex) : Audio(0, hex));
        }

        Assert.True(_flv.TryTakeRefusal(out var sentence));
        Assert.Contains(name, sentence, StringComparison.Ordinal);
        Assert.False(_flv.TryTakeRefusal(out _));
        Assert.Equal(FlvOutcome.Unsupported, kind == TrackKind.Video ? Video(0, hex) : Audio(0, hex));
        Assert.False(_flv.TryTakeRefusal(out _));
        Assert.Equal(FlvOutcome.Taken, kind == TrackKind.Video ? Audio(0, "2F" + CodecVectors.Mp3Frame) : Video(0, "17 00 000000" + CodecVectors.AvcC));
    }

    [Fact]
    public void Metadata_is_for_people_and_for_what_the_encoder_declared()
    {
        Video(0, "17 00 000000" + CodecVectors.AvcC);
        Assert.Equal(FlvOutcome.Taken, _flv.OnData(0, Wire.Amf(amf => amf.String("@setDataFrame").String("onMetaData").BeginEcmaArray(3)
            .Property("encoder", "o\nbs\0").Property("videodatarate", 2_500).Property("framerate", "25").Name("inner").BeginObject().End().End())));
        Assert.Equal(FlvOutcome.Ignored, _flv.OnData(0, [0xFF, 0, 1]));
        Video(0, "17 01 000000" + Idr);
        Assert.Equal("obs", _sink.Metadata["encoder"]);
        Assert.Equal(2_500_000, Assert.Single(_sink.Frames).Track.DeclaredBitrate);
        Assert.Empty(_sink.Said);
    }

    [Fact]
    public void What_is_said_to_viewers_is_JSON_in_ASCII_under_the_name_of_the_message()
    {
        Assert.Equal(FlvOutcome.Taken, _flv.OnData(40, Wire.Amf(amf => amf.String("onTextData").BeginObject().Property("text", "na\u00efve \"x\"").Property("n", 1.5).Name("at").BeginStrictArray(2)
            .Number(1_796_169_600_123).Null().End())));
        Assert.Equal(FlvOutcome.Taken, _flv.OnData(41, Wire.Amf(amf => amf.String("onCuePoint").Null())));
        Assert.Equal(FlvOutcome.Taken, _flv.OnData(42, Wire.Amf(amf => amf.String("mark").String("a").Boolean(true).Number(double.NaN))));
        Assert.Equal(
            [
                ("{\"onTextData\":{\"text\":\"na\\u00EFve \\u0022x\\u0022\",\"n\":1.5,\"at\":[1796169600123,null]}}", 40L),
                ("{\"onCuePoint\":null}", 41L),
                ("{\"mark\":[\"a\",true,null]}", 42L),
            ],
            _sink.Said);
    }

    [Theory]
    [InlineData("onMetaData")]
    [InlineData("onCuePoint")]
    public void An_object_that_says_what_it_is_stands_by_itself(string name)
    {
        Assert.Equal(FlvOutcome.Taken, _flv.OnData(7, Wire.Amf(amf => amf.String("@setDataFrame").String(name).BeginEcmaArray(2)
            .Property("objectType", "KalturaSyncPoint").Property("offset", 8_000).End())));
        Assert.Equal([("{\"objectType\":\"KalturaSyncPoint\",\"offset\":8000}", 7L)], _sink.Said);
        Assert.Empty(_sink.Metadata);
    }

    [Fact]
    public void What_the_protocol_says_to_itself_and_what_is_too_long_is_not_said_to_viewers()
    {
        Assert.Equal(FlvOutcome.Ignored, _flv.OnData(0, Wire.Amf(amf => amf.String("|RtmpSampleAccess").Boolean(true).Boolean(true))));
        Assert.Equal(FlvOutcome.Ignored, _flv.OnData(0, Wire.Amf(amf => amf.String("onStatus").BeginObject().Property("code", "NetStream.Data.Start").End())));
        Assert.Equal(FlvOutcome.Ignored, _flv.OnData(0, Wire.Amf(amf => amf.String("onMetaData").Null())));
        Assert.Equal(FlvOutcome.Ignored, _flv.OnData(0, Wire.Amf(amf => amf.String("onTextData"))));
        Assert.Equal(FlvOutcome.Ignored, _flv.OnData(0, Wire.Amf(amf => amf.String("onTextData").String(new string('\u00e9', 3_000)))));
        Assert.Equal(FlvOutcome.Malformed, _flv.OnData(0, Wire.Amf(amf => amf.String("onTextData").String(new string('x', TimedMetadata.MaxLength)))));
        Assert.Empty(_sink.Said);
    }

    [Fact]
    public void Frames_in_steady_state_allocate_nothing_and_copy_nothing()
    {
        var counter = new Counter();
        var flv = new FlvToFrames(counter, _arena);
        flv.OnVideo(0, _arena.Copy(Wire.Hex("17 00 000000" + CodecVectors.AvcC)));
        var tag = Wire.Hex("27 01 000000" + Reference);
        for (var i = 0u; i < 100; i++)
        {
            flv.OnVideo(i, _arena.Copy(tag));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0u; i < 100; i++)
        {
            flv.OnVideo(i, _arena.Copy(tag));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(200, counter.Frames);
    }

    FlvOutcome Video(uint timestamp, string hex) => _flv.OnVideo(timestamp, _arena.Copy(Wire.Hex(hex)));

    FlvOutcome Audio(uint timestamp, string hex) => _flv.OnAudio(timestamp, _arena.Copy(Wire.Hex(hex)));

    sealed class Recorder : IFrameSink
    {
        public List<Frame> Frames { get; } = [];

        public List<SourceClock> Clocks { get; } = [];

        public IReadOnlyDictionary<string, string> Metadata { get; private set; } = new Dictionary<string, string>();

        public void OnFrame(in Frame frame, SourceClock clock)
        {
            Frames.Add(frame);
            Clocks.Add(clock);
        }

        public List<(string Text, long Timestamp)> Said { get; } = [];

        public void OnMetadata(IReadOnlyDictionary<string, string> values) => Metadata = values;

        public void OnTimedMetadata(string text, long timestamp, SourceClock clock) => Said.Add((text, timestamp));
    }

    sealed class Counter : IFrameSink
    {
        public int Frames { get; private set; }

        public void OnFrame(in Frame frame, SourceClock clock)
        {
            Frames++;
            frame.Data.Release();
        }

        public void OnMetadata(IReadOnlyDictionary<string, string> values)
        {
        }

        public void OnTimedMetadata(string text, long timestamp, SourceClock clock)
        {
        }
    }
}
