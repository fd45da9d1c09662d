using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using static Tributary.Unit.Media.CodecVectors;

namespace Tributary.Unit.Media;

public class TrackConfigurationTests
{
    [Theory]
    [InlineData(AvcC, "avc1.64000b", 160, 120, 25_000)]
    [InlineData(AvcC422, "avc1.7a0028", 1920, 1080, 29_970)]
    [InlineData(AvcCInterlaced, "avc1.f4003e", 1920, 1080, 50_000)]
    public void AvcC_gives_codec_string_size_and_rate(string avcC, string codecString, int width, int height, int milliFps) =>
        AssertVideo(Codec.H264, avcC, codecString, width, height, milliFps);

    [Theory]
    [InlineData(HvcC, "hvc1.1.6.L30.90", 160, 120, 25_000)]
    [InlineData(HvcC10, "hvc1.2.4.L123.90", 1920, 1080, 50_000)]
    public void HvcC_gives_codec_string_size_and_rate(string hvcC, string codecString, int width, int height, int milliFps) =>
        AssertVideo(Codec.Hevc, hvcC, codecString, width, height, milliFps);

    [Theory]
    [InlineData(Av1C, "av01.0.00M.08", 160, 120)]
    [InlineData(Av1CHdr, "av01.0.00M.10.0.110.09.16.09.0", 320, 180)]
    public void Av1C_gives_codec_string_and_size(string av1C, string codecString, int width, int height) =>
        AssertVideo(Codec.Av1, av1C, codecString, width, height, 0);

    [Fact]
    public void Sample_aspect_depth_chroma_and_colour_are_read_from_an_h264_sps()
    {
        Assert.True(TrackConfiguration.TryReadVideoFormat(Create(Codec.H264, AvcC422), out var format));
        Assert.Equal((4, 3), (format.SampleAspectWidth, format.SampleAspectHeight));
        Assert.Equal((10, 2), (format.BitDepth, format.Chroma));
        Assert.Equal((9, 16, 9), (format.ColourPrimaries, format.TransferCharacteristics, format.MatrixCoefficients));
    }

    [Theory]
    [InlineData(Codec.Hevc, HvcC10)]
    [InlineData(Codec.Av1, Av1CHdr)]
    public void Depth_and_colour_are_read_from_other_sequence_headers(Codec codec, string config)
    {
        Assert.True(TrackConfiguration.TryReadVideoFormat(Create(codec, config), out var format));
        Assert.Equal((10, 1), (format.BitDepth, format.Chroma));
        Assert.Equal((9, 16, 9), (format.ColourPrimaries, format.TransferCharacteristics, format.MatrixCoefficients));
    }

    [Theory]
    [InlineData(Vp9FullBox)]
    [InlineData("000a820202020000")]
    public void VpcC_is_kept_without_version_and_flags_and_gets_its_size_from_the_first_key_frame(string vpcC)
    {
        var track = Create(Codec.Vp9, vpcC);

        Assert.Equal("vp09.00.10.08", track.CodecString);
        Assert.Equal("000A820202020000", Convert.ToHexString(track.DecoderConfig.Span));
        Assert.Equal((0, 0), (track.Width, track.Height));
        track = TrackConfiguration.Complete(track, Bytes(Vp9Key));
        Assert.Equal((160, 120), (track.Width, track.Height));
    }

    [Theory]
    [InlineData(Codec.Vp8, Vp8Key, "vp08.00.10.08")]
    [InlineData(Codec.Vp9, Vp9Key, "vp09.00.10.08")]
    [InlineData(Codec.Av1, Av1Key, "av01.0.00M.08")]
    public void A_key_frame_describes_its_track(Codec codec, string frame, string codecString)
    {
        Assert.True(TrackConfiguration.TryCreateFromFrame(codec, 1, Bytes(frame), out var track));
        Assert.Equal(codecString, track.CodecString);
        Assert.Equal((160, 120, 90_000), (track.Width, track.Height, track.Timescale));
        Assert.True(TrackConfiguration.IsKeyFrame(track, Bytes(frame)));
    }

    [Theory]
    [InlineData("1190", "mp4a.40.2", 48_000, 2, 1024)]           // ISO/IEC 14496-3 §1.6.2.1: LC, index 3, stereo
    [InlineData("119056e500", "mp4a.40.2", 48_000, 2, 1024)]     // ffmpeg's aac encoder: "no SBR" said behind
    [InlineData("1210", "mp4a.40.2", 44_100, 2, 1024)]
    [InlineData("1214", "mp4a.40.2", 44_100, 2, 960)]            // frameLengthFlag
    [InlineData("2b920800", "mp4a.40.5", 44_100, 2, 2048)]       // type 5 in front: 22.05 kHz core, 44.1 kHz out
    [InlineData("139056e5a0", "mp4a.40.5", 44_100, 2, 2048)]     // SBR behind the core's configuration
    [InlineData("eb8a0800", "mp4a.40.29", 44_100, 2, 2048)]      // type 29: mono core, stereo by PS
    [InlineData("138856e5a54880", "mp4a.40.29", 44_100, 2, 2048)] // SBR and PS behind
    [InlineData("178005dc08", "mp4a.40.2", 3_000, 1, 1024)]      // rate written out in 24 bits
    [InlineData("11b0", "mp4a.40.2", 48_000, 6, 1024)]
    [InlineData("11b8", "mp4a.40.2", 48_000, 8, 1024)]           // channel configuration 7 is 7.1
    public void AudioSpecificConfig_gives_the_decoders_output(string config, string codecString, int rate, int channels, int samples)
    {
        var track = Create(Codec.Aac, config);

        Assert.Equal(codecString, track.CodecString);
        Assert.Equal((rate, rate, channels, samples), (track.SampleRate, track.Timescale, track.Channels, track.SamplesPerFrame));
        Assert.Equal(config, Convert.ToHexString(track.DecoderConfig.Span), ignoreCase: true);
    }

    [Fact]
    public void A_program_config_element_gives_the_channels()
    {
        // AAC-LC, 48 kHz, channelConfiguration 0: one single and one pair in front, one pair behind, one LFE: 5.1.
        var bits = "00010" + "0011" + "0000" + "000" + "0000" + "01" + "0011" + "0010" + "0000" + "0001" + "01" + "000" + "0000" + "000"
            + "00000" + "10000" + "10001" + "0000" + "00" + "00000000";
        var config = Enumerable.Range(0, (bits.Length + 7) / 8)
            .Select(i => Convert.ToByte(bits.PadRight(bits.Length + 8, '0').Substring(8 * i, 8), 2)).ToArray();

        Assert.True(TrackConfiguration.TryCreate(Codec.Aac, 1, config, out var track));
        Assert.Equal(6, track.Channels);
    }

    [Fact]
    public void OpusHead_and_dOps_are_two_forms_of_one_thing()
    {
        var track = Create(Codec.Opus, OpusBox);
        var head = Opus.ToOpusHead(track.DecoderConfig.Span);

        Assert.Equal("4F70757348656164" + "01023801" + "80BB0000" + "000000", Convert.ToHexString(head));   // RFC 7845 §5.1
        Assert.True(TrackConfiguration.TryCreate(Codec.Opus, 1, head, out var again));
        Assert.True(track.IsSameConfiguration(again));
        Assert.Equal(("opus", 48_000, 2), (again.CodecString, again.SampleRate, again.Channels));
        Assert.Equal(312, Opus.PreSkip(again.DecoderConfig.Span));
    }

    [Fact]
    public void OpusHead_with_a_channel_mapping_keeps_it()
    {
        var head = Bytes("4F70757348656164" + "01063801" + "80BB0000" + "0000" + "01" + "0402" + "000401020305");   // 5.1 of RFC 7845 §5.1.1.2

        Assert.True(TrackConfiguration.TryCreate(Codec.Opus, 1, head, out var track));
        Assert.Equal("0006" + "0138" + "0000BB80" + "0000" + "01" + "0402" + "000401020305", Convert.ToHexString(track.DecoderConfig.Span));
        Assert.False(TrackConfiguration.TryCreate(Codec.Opus, 1, head.AsSpan(0, head.Length - 1), out _));
    }

    [Theory]
    [InlineData("fc", 960)]       // CELT 20 ms, one frame
    [InlineData("e0", 120)]       // CELT 2.5 ms
    [InlineData("19", 5_760)]     // SILK 60 ms, two frames
    [InlineData("6001", 480)]     // hybrid 10 ms
    [InlineData("ff03", 2_880)]   // CELT 20 ms, three frames by count
    public void An_opus_packet_says_how_long_it_is(string packet, int samples)
    {
        Assert.True(Opus.TryReadDuration(Bytes(packet), out var read));
        Assert.Equal(samples, read);
    }

    [Fact]
    public void An_opus_packet_describes_its_track()
    {
        Assert.True(TrackConfiguration.TryCreateFromFrame(Codec.Opus, 2, Bytes(OpusPacket), out var track));
        Assert.Equal((2, 48_000), (track.Channels, track.Timescale));
    }

    [Fact]
    public void Mp3_is_described_by_its_frame_header()
    {
        Assert.True(TrackConfiguration.TryCreateFromFrame(Codec.Mp3, 2, Bytes(Mp3Frame), out var track));
        Assert.Equal(("mp4a.40.34", 48_000, 2, 1_152), (track.CodecString, track.SampleRate, track.Channels, track.SamplesPerFrame));
        Assert.True(MpegAudioHeader.TryParse(Bytes(Mp3Frame), out var header));
        Assert.Equal((128_000, 384), (header.Bitrate, header.FrameLength));
    }

    [Theory]
    [InlineData(Codec.Ac3, Ac3Frame, 16, Ac3Box, "ac-3")]
    [InlineData(Codec.Eac3, Eac3Frame, 768, Eac3Box, "ec-3")]
    public void Dolby_syncframes_give_the_box_that_ffmpeg_writes(Codec codec, string start, int length, string box, string codecString)
    {
        var frame = new byte[length];
        Bytes(start).CopyTo(frame, 0);

        Assert.True(TrackConfiguration.TryCreateFromFrame(codec, 2, frame, out var track));
        Assert.Equal(box, Convert.ToHexString(track.DecoderConfig.Span), ignoreCase: true);
        Assert.Equal((codecString, 48_000, 2, 1_536), (track.CodecString, track.SampleRate, track.Channels, track.SamplesPerFrame));
        Assert.Equal(track with { DecoderConfig = default }, Create(codec, box, 2) with { DecoderConfig = default });
    }

    [Fact]
    public void A_dependent_substream_adds_its_channels_and_its_locations()
    {
        // ETSI TS 102 366 §E.1.2.2: a 5.1 program, then a dependent substream with chanmap Lrs/Rrs (bit 9): 7.1.
        var independent = Syncframe("00" + "000" + Size(32) + "00" + "11" + "111" + "1" + "10000" + "00000" + "0");
        var dependent = Syncframe("01" + "000" + Size(32) + "00" + "11" + "010" + "0" + "10000" + "00000" + "0" + "1" + "0000001000000000");
        byte[] accessUnit = [.. independent, .. dependent];

        Assert.True(TrackConfiguration.TryCreateFromFrame(Codec.Eac3, 2, accessUnit, out var track));
        Assert.Equal(8, track.Channels);
        Assert.Equal("0080" + "20" + "0F" + "02" + "02", Convert.ToHexString(track.DecoderConfig.Span));   // 16 kb/s; one dependent; Lrs/Rrs
        Assert.Equal(8, Create(Codec.Eac3, "008020" + "0F" + "02" + "02").Channels);

        static string Size(int bytes) => Convert.ToString(bytes / 2 - 1, 2).PadLeft(11, '0');

        static byte[] Syncframe(string bits)
        {
            var bytes = new byte[32];
            (bytes[0], bytes[1]) = (0x0B, 0x77);
            for (var i = 0; i < bits.Length; i++)
            {
                bytes[2 + i / 8] |= (byte)((bits[i] - '0') << (7 - i % 8));
            }

            return bytes;
        }
    }

    [Fact]
    public void All_forms_of_a_flac_header_give_the_bare_streaminfo()
    {
        var block = FlacBox[8..];
        foreach (var form in new[] { FlacBox, "664c6143" + block, block, block[8..] })
        {
            var track = Create(Codec.Flac, form);
            Assert.Equal(block[8..], Convert.ToHexString(track.DecoderConfig.Span), ignoreCase: true);
            Assert.Equal(("fLaC", 48_000, 2, 4_608), (track.CodecString, track.SampleRate, track.Channels, track.SamplesPerFrame));
            Assert.Equal(16, Flac.BitsPerSample(track.DecoderConfig.Span));
        }
    }

    public static TheoryData<Codec, string> Configurations => new()
    {
        { Codec.H264, AvcC }, { Codec.H264, AvcCInterlaced }, { Codec.Hevc, HvcC }, { Codec.Hevc, HvcC10 }, { Codec.Av1, Av1C },
        { Codec.Av1, Av1CHdr }, { Codec.Vp9, Vp9FullBox }, { Codec.Aac, "eb8a0800" }, { Codec.Opus, OpusBox }, { Codec.Flac, FlacBox },
        { Codec.Ac3, Ac3Box }, { Codec.Eac3, Eac3Box }, { Codec.Vp8, Vp8Key }, { Codec.Vp9, Vp9Key }, { Codec.Av1, Av1Key },
        { Codec.Mp3, Mp3Frame }, { Codec.Ac3, Ac3Frame }, { Codec.Eac3, Eac3Frame }, { Codec.Opus, OpusPacket },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Cut_and_damaged_input_is_refused_or_read_but_never_throws(Codec codec, string hex)
    {
        var random = new Random(1);
        var whole = Bytes(hex);
        for (var length = 0; length <= whole.Length; length++)
        {
            Try(whole.AsSpan(0, length));
        }

        for (var round = 0; round < 2_000; round++)
        {
            var damaged = (byte[])whole.Clone();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            Try(damaged);
        }

        void Try(ReadOnlySpan<byte> input)
        {
            Check(TrackConfiguration.TryCreate(codec, 1, input, out var track), track);
            Check(TrackConfiguration.TryCreateFromFrame(codec, 1, input, out track), track);
        }

        static void Check(bool created, TrackInfo? track)
        {
            Assert.Equal(created, track is not null);
            if (track is { Kind: TrackKind.Audio })
            {
                Assert.True(track.SampleRate > 0 && track.Timescale > 0 && track.Channels > 0 && track.SamplesPerFrame >= 0);
            }
            else if (track is not null)
            {
                Assert.InRange(track.Width, 0, 65_536);
                Assert.InRange(track.Height, 0, 65_536);
                Assert.InRange(track.MilliFramesPerSecond, 0, 1_000_000);
            }
        }
    }

    [Theory]
    [InlineData(Codec.H264, AvcC)]
    [InlineData(Codec.Hevc, HvcC)]
    public void A_record_cut_within_a_parameter_set_is_refused(Codec codec, string hex)
    {
        var whole = Bytes(hex);
        var setsEnd = codec == Codec.H264 ? whole.Length - 4 : whole.Length;   // avcC: the depth fields behind the sets may be missing
        for (var length = 0; length < setsEnd; length++)
        {
            Assert.False(TrackConfiguration.TryCreate(codec, 1, whole.AsSpan(0, length), out _), $"{length} bytes were accepted");
        }
    }

    static void AssertVideo(Codec codec, string config, string codecString, int width, int height, int milliFps)
    {
        var track = Create(codec, config);
        Assert.Equal(codecString, track.CodecString);
        Assert.Equal((width, height, milliFps), (track.Width, track.Height, track.MilliFramesPerSecond));
        Assert.Equal(90_000, track.Timescale);
        Assert.Equal(Bytes(config), track.DecoderConfig.ToArray());
    }

    static TrackInfo Create(Codec codec, string config, int id = 1)
    {
        Assert.True(TrackConfiguration.TryCreate(codec, id, Bytes(config), out var track));
        Assert.Equal((id, codec), (track.Id, track.Codec));
        return track;
    }
}
