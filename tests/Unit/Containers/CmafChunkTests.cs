using System.Buffers;
using System.Buffers.Binary;
using Tributary.Media.Codecs;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Unit.Media;

namespace Tributary.Unit.Containers;

public sealed class CmafChunkTests : IDisposable
{
    readonly FrameArena _arena = new(new FramePool());

    [Fact]
    public void Audio_of_equal_frames_costs_four_bytes_each()
    {
        var track = Audio();
        var frames = Enumerable.Range(0, 10).Select(i => Frame(track, 1_000 + 1_024 * i, 0, FrameFlags.Key, 100 + i)).ToArray();
        var header = Header(track, frames, 1_000 + 10_240);

        Assert.Equal(8 + 16 + 8 + 24 + 20 + 20 + 40 + 8, header.Length);
        Assert.Equal(0x020028u, Word(Find(header, "moof", "traf", "tfhd"), 0));   // default-base-is-moof, duration, flags
        Assert.Equal(1_024u, Word(Find(header, "moof", "traf", "tfhd"), 8));
        Assert.Equal(0x02000000u, Word(Find(header, "moof", "traf", "tfhd"), 12));
        Assert.Equal(0x01000201u, Word(Find(header, "moof", "traf", "trun"), 0));
        Assert.Equal(1_000UL, BinaryPrimitives.ReadUInt64BigEndian(Find(header, "moof", "traf", "tfdt").AsSpan(4)));
    }

    [Fact]
    public void The_key_frame_at_the_start_is_told_by_first_sample_flags()
    {
        var track = Video();
        Frame[] frames = [Frame(track, 0, 0, FrameFlags.Key), Frame(track, 3_600, 0, default), Frame(track, 7_200, 0, default)];
        var header = Header(track, frames, 10_800);

        Assert.Equal(0x01010000u, Word(Find(header, "moof", "traf", "tfhd"), 12));   // depends on others, no sync sample
        Assert.Equal(0x01000205u, Word(Find(header, "moof", "traf", "trun"), 0));
        Assert.Equal(0x02000000u, Word(Find(header, "moof", "traf", "trun"), 12));
    }

    [Fact]
    public void Mixed_samples_carry_their_own_duration_flags_and_signed_offset()
    {
        var track = Video();
        Frame[] frames =
        [
            Frame(track, 9_000, 0, FrameFlags.Key, 50),
            Frame(track, 12_600, 7_200, default, 20),
            Frame(track, 16_300, -3_600, FrameFlags.Disposable, 10),
        ];
        var run = Find(Header(track, frames, 20_000), "moof", "traf", "trun");

        Assert.Equal(0x01000F01u, Word(run, 0));
        Assert.Equal([3_600, 50, 0x02000000, 0], Words(run, 12, 4));
        Assert.Equal([3_700, 20, 0x01010000, 7_200], Words(run, 28, 4));
        Assert.Equal([3_700, 10, 0x01810000, -3_600], Words(run, 44, 4));
    }

    [Fact]
    public void The_data_offset_points_behind_the_mdat_header_and_the_mdat_has_the_size_of_the_frames()
    {
        var track = Video();
        Frame[] frames = [Frame(track, 0, 0, FrameFlags.Key, 1_000), Frame(track, 3_600, 0, default, 500)];
        var header = Header(track, frames, 7_200, new ChunkPrefix(StartsSegment: true, ProducerNtp: 0xE000_0000_8000_0000));

        var moof = header.AsSpan().IndexOf("moof"u8) - 4;
        Assert.Equal(24 + 32, moof);   // styp and prft before it
        Assert.Equal(header.Length - moof, (int)Word(Find(header, "moof", "traf", "trun"), 8));
        Assert.Equal(1_508u, Word(header, header.Length - 8));
        Assert.Equal(0xE000_0000u, Word(Find(header, "prft"), 8));
        Assert.Equal(1_500, CmafChunk.PayloadLength(frames));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void The_measured_length_is_the_written_one(int count)
    {
        var track = Video();
        var random = new Random(count);
        for (var round = 0; round < 50; round++)
        {
            var frames = new Frame[count];
            for (var i = 0; i < count; i++)
            {
                frames[i] = Frame(track, i * 3_600 + random.Next(2), random.Next(-1, 2), (FrameFlags)random.Next(4), random.Next(200));
            }

            var prefix = new ChunkPrefix(random.Next(2) == 0, (ulong)random.Next(2));
            Assert.Equal(Header(track, frames, count * 3_600, prefix).Length, CmafChunk.MeasureHeader(frames, count * 3_600, prefix));
        }
    }

    [Fact]
    public void Time_that_goes_back_gives_a_duration_of_zero()
    {
        var track = Video();
        Frame[] frames = [Frame(track, 7_200, 0, FrameFlags.Key), Frame(track, 3_600, 0, default)];

        Assert.Equal([0, 4], Words(Find(Header(track, frames, 7_200), "moof", "traf", "trun"), 16, 2));
    }

    [Fact]
    public void Writing_headers_allocates_nothing()
    {
        var track = Video();
        var frames = Enumerable.Range(0, 60).Select(i => Frame(track, 3_600 * i, i % 3, i == 0 ? FrameFlags.Key : default)).ToArray();
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        CmafChunk.WriteHeader(output, track, 1, frames, 216_000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            output.ResetWrittenCount();
            CmafChunk.WriteHeader(output, track, 1, frames, 216_000, new ChunkPrefix(true, 1));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_run_of_two_tracks_frames_in_one_file_is_described_by_an_init_segment_of_both()
    {
        var output = new ArrayBufferWriter<byte>();
        CmafInitSegment.Write(output, Video(), Audio());
        var segment = output.WrittenSpan.ToArray();

        Assert.Equal("iso6mp41", System.Text.Encoding.ASCII.GetString(Find(segment, "ftyp").AsSpan(8)));
        var movie = new BoxReader(Find(segment, "moov"));
        List<string> boxes = [];
        while (movie.MoveNext())
        {
            boxes.Add(System.Text.Encoding.ASCII.GetString(movie.Type));
        }

        Assert.Equal(["mvhd", "trak", "trak", "mvex"], boxes);
    }

    [Theory]
    [InlineData("", "und", false)]
    [InlineData("en", "eng", true)]
    [InlineData("de-AT", "deu", true)]
    [InlineData("fra", "fra", true)]
    [InlineData("x-klingon", "und", true)]
    public void The_language_is_packed_and_an_elng_has_the_whole_tag(string tag, string code, bool hasTag)
    {
        var output = new ArrayBufferWriter<byte>();
        CmafInitSegment.Write(output, Audio() with { Language = tag });
        var segment = output.WrittenSpan.ToArray();

        var packed = BinaryPrimitives.ReadUInt16BigEndian(Find(segment, "moov", "trak", "mdia", "mdhd").AsSpan(20));
        Assert.Equal(code, new string([(char)(0x60 + (packed >> 10)), (char)(0x60 + (packed >> 5 & 31)), (char)(0x60 + (packed & 31))]));
        Assert.Equal(hasTag, BoxReader.TryFind(Find(segment, "moov", "trak", "mdia"), "elng"u8, out var extended));
        Assert.Equal(hasTag ? tag + "\0" : "", System.Text.Encoding.ASCII.GetString(hasTag ? extended[4..] : default));
    }

    [Fact]
    public void The_display_width_has_the_sample_aspect_and_pasp_says_it()
    {
        Assert.True(TrackConfiguration.TryCreate(Codec.H264, 1, CodecVectors.Bytes(CodecVectors.AvcC422), out var track));
        var output = new ArrayBufferWriter<byte>();
        CmafInitSegment.Write(output, track);
        var segment = output.WrittenSpan.ToArray();

        Assert.Equal(2_560u << 16, Word(Find(segment, "moov", "trak", "tkhd"), 76));
        var entry = Find(segment, "moov", "trak", "mdia", "minf", "stbl", "stsd").AsSpan(8 + 8);
        Assert.True(BoxReader.TryFind(entry[78..], "pasp"u8, out var pasp));
        Assert.Equal("0000000400000003", Convert.ToHexString(pasp));
        Assert.True(BoxReader.TryFind(entry[78..], "colr"u8, out var colr));
        Assert.Equal("6E636C78" + "0009" + "0010" + "0009" + "00", Convert.ToHexString(colr));
    }

    [Fact]
    public void Hevc_arrays_are_marked_complete_in_the_sample_entry_only()
    {
        Assert.True(TrackConfiguration.TryCreate(Codec.Hevc, 1, CodecVectors.Bytes(CodecVectors.HvcC), out var track));
        var output = new ArrayBufferWriter<byte>();
        CmafInitSegment.Write(output, track);

        var entry = Find(output.WrittenSpan.ToArray(), "moov", "trak", "mdia", "minf", "stbl", "stsd").AsSpan(8);
        Assert.True(BoxReader.TryFind(entry, "hvc1"u8, out var body));
        Assert.True(BoxReader.TryFind(body[78..], "hvcC"u8, out var hvcC));
        Assert.Equal(0xA0, hvcC[23]);
        Assert.Equal(0x20, track.DecoderConfig.Span[23]);
    }

    [Fact]
    public void A_lying_box_size_ends_the_walk()
    {
        var reader = new BoxReader([0, 0, 0, 9, .. "free"u8, 1, 0, 0, 1, 0, .. "moov"u8, 0]);
        Assert.True(reader.MoveNext());
        Assert.Equal(1, reader.Payload.Length);
        Assert.False(reader.MoveNext());
        Assert.True(reader.Malformed);
        Assert.False(BoxReader.TryFind([0, 0, 0, 1, .. "mdat"u8, 255, 255, 255, 255, 255, 255, 255, 255, 0], "mdat"u8, out _));
        Assert.True(BoxReader.TryFind([0, 0, 0, 0, .. "mdat"u8, 1, 2], "mdat"u8, out var toTheEnd));
        Assert.Equal(2, toTheEnd.Length);
    }

    public void Dispose() => _arena.Dispose();

    static byte[] Header(TrackInfo track, Frame[] frames, long end, ChunkPrefix prefix = default)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(CmafChunk.WriteHeader(output, track, 7, frames, end, prefix), output.WrittenCount);
        return output.WrittenSpan.ToArray();
    }

    Frame Frame(TrackInfo track, long dts, int offset, FrameFlags flags, int length = 4) =>
        new(track, _arena.Allocate(length), dts, offset, 0, flags);

    static TrackInfo Video() => new()
    {
        Id = 1,
        Codec = Codec.H264,
        Timescale = 90_000,
        DecoderConfig = CodecVectors.Bytes(CodecVectors.AvcC),
        Width = 160,
        Height = 120,
    };

    static TrackInfo Audio() => new()
    {
        Id = 2,
        Codec = Codec.Aac,
        Timescale = 48_000,
        DecoderConfig = CodecVectors.Bytes("1190"),
        SampleRate = 48_000,
        Channels = 2,
        SamplesPerFrame = 1_024,
    };

    static byte[] Find(byte[] data, params string[] path)
    {
        foreach (var type in path)
        {
            Assert.True(BoxReader.TryFind(data, System.Text.Encoding.ASCII.GetBytes(type), out var payload), type);
            data = payload.ToArray();
        }

        return data;
    }

    static uint Word(byte[] data, int at) => BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(at));

    static int[] Words(byte[] data, int at, int count) => [.. Enumerable.Range(0, count).Select(i => (int)Word(data, at + 4 * i))];
}
