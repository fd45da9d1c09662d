using System.Buffers;
using System.Text;
using Tributary.Media.Codecs;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;
using Tributary.Unit.Media;

namespace Tributary.Unit.Containers;

public sealed class TsSegmentTests : IDisposable
{
    const int VideoPid = 0x100;
    const int AudioPid = 0x101;
    const int Gop = 25;

    readonly FrameArena _arena = new(new FramePool());
    readonly Random _random = new(5);

    [Fact]
    public void Tables_come_first_and_name_the_streams()
    {
        var reader = Read(Write(Video, Aac, Segment(0), 7));

        Assert.Equal([0, 0x1000, VideoPid, AudioPid], reader.Pids);
        Assert.Equal("00B00D0001C100000001F0002AB104B2", Convert.ToHexString(reader.Sections[0]));   // the PAT that ffmpeg 5.1's mpegts muxer writes
        var map = Convert.ToHexString(reader.Sections[1]);
        Assert.StartsWith("02B0170001", map);
        Assert.Equal("E100F000" + "1BE100F000" + "0FE101F000", map[16..44]);
    }

    [Theory]
    [InlineData(Codec.Mp3, 0xC0, "03E101F000")]
    [InlineData(Codec.Ac3, 0xBD, "81E101F0060504" + "41432D33")]
    [InlineData(Codec.Eac3, 0xBD, "87E101F0060504" + "45414333")]
    public void Audio_alone_has_the_clock_and_its_codecs_stream_type(Codec codec, byte streamId, string entry)
    {
        var track = Aac with { Codec = codec, SamplesPerFrame = 1_152 };
        var frames = Enumerable.Range(0, 100).Select(i => Frame(track, 1_152 * i, 0, FrameFlags.Key, 96)).ToArray();
        var reader = Read(Write(null, track, frames, 0));

        Assert.Contains(entry, Convert.ToHexString(reader.Sections[1]));
        Assert.Equal("E101", Convert.ToHexString(reader.Sections[1].AsSpan(8, 2)));
        Assert.All(reader.Packets, pes => Assert.Equal(streamId, pes.StreamId));
        Assert.Equal(100 * 96, reader.Packets.Sum(pes => pes.Data.Length));
        AssertClock(reader, AudioPid);
    }

    [Fact]
    public void Counters_go_on_from_segment_to_segment_though_each_is_written_alone()
    {
        var reader = new TsReader();
        for (var msn = 100; msn < 140; msn++)
        {
            reader.Read(Write(Video, Aac, Segment(msn), msn));   // the reader checks every counter
        }

        Assert.Equal(40 * Gop, reader.Packets.Count(pes => pes.Pid == VideoPid));
    }

    [Fact]
    public void A_segment_without_one_of_its_streams_leaves_that_streams_counter()
    {
        var reader = new TsReader();
        reader.Read(Write(Video, Aac, Segment(0), 15));
        reader.Read(Write(Video, Aac, [.. Segment(1).Where(f => f.Track == Video)], 16));
        reader.Read(Write(Video, Aac, [], 17));
        reader.Read(Write(Video, Aac, Segment(3), 18));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(40)]
    public void The_last_packet_of_a_stream_can_be_spread_however_small_it_is(int length)
    {
        var reader = new TsReader();
        for (var count = 1; count < 20; count++)
        {
            var frames = Enumerable.Range(0, count).Select(i => Frame(Mp3, 1_152 * i, 0, FrameFlags.Key, i == count - 1 ? length : 1_000)).ToArray();
            reader.Read(Write(null, Mp3, frames, count));
        }
    }

    [Fact]
    public void The_bytes_depend_on_the_arguments_alone_and_are_as_many_as_measured()
    {
        var frames = Segment(3);
        var first = Write(Video, Aac, frames, 3);
        Write(Video, Aac, Segment(4), 4);

        Assert.Equal(first, Write(Video, Aac, frames, 3));
        Assert.Equal(first.Length, TsSegment.Measure(Video, Aac, frames));
    }

    [Fact]
    public void Timestamps_are_the_timelines_plus_the_offset_modulo_33_bits()
    {
        const long Late = (1L << 33) - TsSegment.TimestampOffset90k - 3_600;   // the second frame is at the wrap
        Frame[] frames = [Frame(Video, Late, 7_200, FrameFlags.Key, 50), Frame(Video, Late + 3_600, 0, default, 50)];
        var reader = Read(Write(Video, null, frames, 0));

        Assert.Equal([(3_600L, (1L << 33) - 3_600), (0L, 0L)], reader.Packets.Select(p => (p.Pts, p.Dts)));
        Assert.Equal((1L << 33) - 3_600 - TsSegment.PcrLead90k, reader.Clocks[0].Pcr);
    }

    [Theory]
    [InlineData(3_600)]      // 25 pictures per second: a clock in each
    [InlineData(90_000)]     // one per second: packets of their own between them
    [InlineData(22_500)]
    public void The_clock_comes_at_least_every_100_ms(int step)
    {
        var frames = Enumerable.Range(0, 10).Select(i => Frame(Video, i * step, 0, i == 0 ? FrameFlags.Key : default, 300)).ToArray();
        AssertClock(Read(Write(Video, null, frames, 0)), VideoPid);
    }

    [Fact]
    public void A_segment_that_begins_with_sound_begins_with_a_clock_too()
    {
        Frame[] frames = [Frame(Aac, 0, 0, FrameFlags.Key, 500), Frame(Aac, 20_000, 0, FrameFlags.Key, 500), Frame(Video, 3_600, 0, FrameFlags.Key, 9)];
        var reader = Read(Write(Video, Aac, frames, 0));

        Assert.Equal((2, VideoPid), (reader.Clocks[0].Packet, reader.Clocks[0].Pid));
    }

    [Fact]
    public void Key_frames_get_the_parameter_sets_and_every_frame_one_delimiter()
    {
        var sets = "00000001" + "67640" + "00BACD942847E5C0440000003004000000C83C50A6580" + "00000001" + "68EBE3CB22C0";
        Frame[] frames =
        [
            Raw(FrameFlags.Key, "00000002" + "6588" + "00000002" + "0601"),
            Raw(default, "00000002" + "0910" + "00000002" + "4188"),
            Raw(FrameFlags.Key, "00000002" + "6742" + "00000002" + "6801" + "00000002" + "6588"),
        ];
        var reader = Read(Write(Video, null, frames, 0));

        Assert.Equal("0000000109F0" + sets + "000000016588" + "000000010601", Convert.ToHexString(reader.Packets[0].Data));
        Assert.Equal("0000000109F0" + "000000014188", Convert.ToHexString(reader.Packets[1].Data));
        Assert.Equal("0000000109F0" + "000000016742" + "000000016801" + "000000016588", Convert.ToHexString(reader.Packets[2].Data));
        Assert.Equal([true, false, true], reader.Packets.Select(p => p.RandomAccess));
    }

    [Fact]
    public void Audio_shares_packets_of_at_most_100_ms_and_never_across_a_gap()
    {
        var frames = Enumerable.Range(0, 20).Select(i => Frame(Aac, 1_024 * i + (i >= 6 ? 480 : 0), 0, FrameFlags.Key, 100)).ToArray();
        var reader = Read(Write(null, Aac, frames, 0));

        Assert.Equal([4, 2, 4, 4, 4, 2], reader.Packets.Select(p => p.Data.Length / 107));
        Assert.Equal("FFF14C800D7FFC", Convert.ToHexString(reader.Packets[0].Data.AsSpan(0, 7)));   // LC, index 3, stereo, 107 bytes
        Assert.Equal((6 * 1_024 + 480) * 90_000L / 48_000 + TsSegment.TimestampOffset90k, reader.Packets[2].Pts);
    }

    [Theory]
    [InlineData("1190", true)]
    [InlineData("eb8a0800", true)]      // HE-AAC v2: the core goes into the header
    [InlineData("178005dc08", false)]   // a rate without an index
    [InlineData("f8e62000", false)]     // type 39: low delay
    public void Only_aac_that_adts_can_describe_is_carried(string config, bool carried)
    {
        Assert.True(TrackConfiguration.TryCreate(Codec.Aac, 2, CodecVectors.Bytes(config), out var track));
        Assert.Equal(carried, TsSupport.Carries(track));
        Assert.False(TsSupport.Carries(Codec.Opus));
        if (!carried)
        {
            Assert.Throws<ArgumentException>(() => Write(null, track, [], 0));
        }
    }

    [Fact]
    public void A_damaged_frame_costs_only_itself()
    {
        Frame[] frames =
        [
            Raw(FrameFlags.Key, "00000002" + "6588"), Raw(default, "00000002" + "4188" + "7fffffff" + "41"), Raw(default, ""), Raw(default, "00"),
        ];
        var reader = Read(Write(Video, null, frames, 0));

        Assert.Equal("0000000109F0" + "000000014188", Convert.ToHexString(reader.Packets[1].Data));
        Assert.Equal(4, reader.Packets.Count);
    }

    [Fact]
    public void Timed_metadata_is_a_stream_of_its_own_at_the_first_frame()
    {
        byte[] tag = [.. "ID3"u8, 1, 2, 3];
        var (reader, frames) = (new TsReader(), Segment(0));
        for (var msn = 0; msn < 2; msn++)
        {
            var output = new ArrayBufferWriter<byte>();
            TsSegment.Write(output, Video, Aac, frames, msn, tag);
            reader.Read(output.WrittenSpan);   // counters go on, also those of the metadata
        }

        var points = reader.Packets.Where(pes => pes.Pid == 0x102).ToArray();
        Assert.Equal(2, points.Length);
        Assert.All(points, pes => Assert.Equal((0xBD, true, frames[0].Pts90k + TsSegment.TimestampOffset90k), (pes.StreamId, pes.Aligned, pes.Pts)));
        Assert.All(points, pes => Assert.Equal(tag, pes.Data));
        Assert.Contains("15E102F00F260DFFFF49443320FF49443320000F", Convert.ToHexString(reader.Sections[1]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_frames_carry_follows_in_the_stream_of_timed_metadata_at_its_time()
    {
        byte[] tag = [.. "ID3"u8, 1, 2, 3];
        var (reader, frames) = (new TsReader(), Segment(0));
        frames[3] = frames[3] with { Metadata = [new TimedMetadata(-9, "{\"a\":1}"), new TimedMetadata(900, "{\"a\":2}")] };
        frames[^1] = frames[^1] with { Metadata = [new TimedMetadata(0, new string('x', TimedMetadata.MaxLength))] };
        for (var msn = 0; msn < 2; msn++)
        {
            var output = new ArrayBufferWriter<byte>();
            TsSegment.Write(output, Video, Aac, frames, msn, tag);
            reader.Read(output.WrittenSpan);   // counters go on
        }

        var said = reader.Packets.Where(pes => pes.Pid == 0x102).Take(4).ToArray();
        long[] times = [frames[0].Pts90k, frames[3].Dts90k - 9, frames[3].Dts90k + 900, frames[^1].Dts90k];
        Assert.Equal(times.Select(time => time + TsSegment.TimestampOffset90k), said.Select(pes => pes.Pts));
        Assert.EndsWith("{\"a\":2}", Encoding.ASCII.GetString(said[2].Data), StringComparison.Ordinal);
        Assert.Equal(TimedMetadata.MaxLength + 21, said[3].Data.Length);

        var without = new ArrayBufferWriter<byte>();
        TsSegment.Write(without, Video, Aac, frames, 0);
        Assert.DoesNotContain(Read(without.WrittenMemory.ToArray()).Pids, pid => pid == 0x102);
    }

    [Fact]
    public void Writing_a_segment_allocates_nothing()
    {
        var frames = Segment(0);
        var output = new ArrayBufferWriter<byte>(4 * 1024 * 1024);
        TsSegment.Write(output, Video, Aac, frames, 0);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var msn = 1; msn < 10; msn++)
        {
            output.ResetWrittenCount();
            TsSegment.Write(output, Video, Aac, frames, msn);
            TsSegment.Measure(Video, Aac, frames);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose() => _arena.Dispose();

    static TrackInfo Video { get; } = TrackConfiguration.TryCreate(Codec.H264, 1, CodecVectors.Bytes(CodecVectors.AvcC), out var track) ? track : throw new InvalidOperationException();

    static TrackInfo Aac { get; } = TrackConfiguration.TryCreate(Codec.Aac, 2, CodecVectors.Bytes("1190"), out var track) ? track : throw new InvalidOperationException();

    static TrackInfo Mp3 { get; } = Aac with { Codec = Codec.Mp3, DecoderConfig = default, SamplesPerFrame = 1_152 };

    static byte[] Write(TrackInfo? video, TrackInfo? audio, Frame[] frames, long msn)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(TsSegment.Write(output, video, audio, frames, msn), output.WrittenCount);
        return output.WrittenSpan.ToArray();
    }

    static TsReader Read(byte[] segment)
    {
        var reader = new TsReader();
        reader.Read(segment);
        Assert.All(reader.Packets, packet => Assert.True(packet.Aligned));
        return reader;
    }

    static void AssertClock(TsReader reader, int pid)
    {
        Assert.Equal(2, reader.Clocks[0].Packet);   // right behind the tables
        Assert.All(reader.Clocks, clock => Assert.Equal(pid, clock.Pid));
        Assert.All(reader.Clocks.Zip(reader.Clocks.Skip(1)), pair => Assert.InRange(pair.Second.Pcr - pair.First.Pcr, 1, 9_000));
        Assert.True(reader.Clocks[^1].Pcr >= reader.Packets.Max(p => p.Dts) - TsSegment.PcrLead90k);
    }

    // One second: 25 pictures of random sizes and the sound between them.
    Frame[] Segment(int msn)
    {
        List<Frame> frames = [];
        for (var i = 0; i < Gop; i++)
        {
            frames.Add(Frame(Video, 90_000L * msn + 3_600 * i, 0, i == 0 ? FrameFlags.Key : default, _random.Next(5, i == 0 ? 9_000 : 2_000)));
        }

        for (var i = 0; i < 47; i++)
        {
            frames.Add(Frame(Aac, 48_000L * msn + 1_024 * i, 0, FrameFlags.Key, _random.Next(1, 700)));
        }

        return [.. frames.OrderBy(f => f.Dts90k)];
    }

    Frame Frame(TrackInfo track, long dts, int offset, FrameFlags flags, int length)
    {
        var data = _arena.Allocate(length);
        data.Writable.Fill(0x55);
        if (track.Kind == TrackKind.Video && length > 4)
        {
            data.Writable[..4].Clear();
            data.Writable[2] = (byte)((length - 4) >> 8);
            data.Writable[3] = (byte)(length - 4);
        }

        return new Frame(track, data, dts, offset, 0, flags);
    }

    Frame Raw(FrameFlags flags, string hex) => new(Video, _arena.Copy(Convert.FromHexString(hex)), 0, 0, 0, flags);
}
