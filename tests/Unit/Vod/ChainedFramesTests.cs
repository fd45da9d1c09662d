using System.IO.Pipelines;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;
using Tributary.Media.Sources;
using Tributary.Unit.Containers;

namespace Tributary.Unit.Vod;

/// <summary><c>hls_mpegts_align_frames off</c>: the same streams with the same times, without the stuffing between frames.</summary>
public sealed class ChainedFramesTests
{
    static readonly SourceTrack[] Tracks = [EvenTrack.Video(20, size: 1_000), EvenTrack.Audio(938, size: 211)];

    sealed class Opener : IMediaOpener, IByteSource
    {
        public long Length => long.MaxValue;

        public DateTimeOffset? LastModified => null;

        public ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation) =>
            new(new OpenedMedia(MediaFailure.None, "", new MediaFile(Tracks, 0, 0), null, this));

        // Pictures of one NAL unit; no start code in what is behind its length.
        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                buffer.Span[i] = ((offset + i) % 1_000) switch { 0 or 1 => 0, 2 => 996 >> 8, 3 => 996 & 0xFF, var at => (byte)(at * 7 + (offset + i) / 1_000 | 0x80) };
            }

            return new(buffer.Length);
        }

        public ValueTask DisposeAsync() => default;
    }

    static async Task<PackagedBody> BodyAsync(VodRequestKind kind, bool align, bool interleave)
    {
        var options = new PackagingOptions { Hls = new HlsPackagingOptions { AlignFrames = align, InterleaveFrames = interleave } };
        var set = new MediaSetDescription { Sequences = [new SequenceDescription { Clips = [new SourceClip { Path = "a.mp4" }] }] };
        var place = new VodPlace { BaseUrl = "", SegmentsBaseUrl = "", Path = "/hls/a.mp4" };
        var answer = await new VodPackager(new Opener(), options).AnswerAsync(new VodJob(set, new VodRequest { Kind = kind, SegmentIndex = 0 }, place, 0), default);
        Assert.Equal("", answer.Reason);
        return answer.Body!;
    }

    static async Task<byte[]> ReadAsync(PackagedBody body, long from, long count)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await body.WriteAsync(pipe.Writer, from, count, default);
        await pipe.Writer.CompleteAsync();
        var bytes = new MemoryStream();
        await pipe.Reader.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    static async Task<(byte[] Segment, TsReader Read)> SegmentAsync(bool align, bool interleave)
    {
        await using var body = await BodyAsync(VodRequestKind.HlsTsSegment, align, interleave);
        var segment = await ReadAsync(body, 0, body.Length);
        var reader = new TsReader();
        reader.Read(segment);
        return (segment, reader);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_follow_one_another_without_stuffing_and_keep_their_times(bool interleave)
    {
        var (padded, known) = await SegmentAsync(true, false);
        var (chained, read) = await SegmentAsync(false, interleave);
        Assert.True(chained.Length < padded.Length - (interleave ? 250 : 125) * 60, $"{chained.Length} of {padded.Length} bytes");
        foreach (var pid in new[] { 0x100, 0x101 })
        {
            var (before, after) = (known.Packets.Where(pes => pes.Pid == pid).ToArray(), read.Packets.Where(pes => pes.Pid == pid).ToArray());
            Assert.Equal(before.Select(pes => (pes.Pts, pes.Dts)), after.Select(pes => (pes.Pts, pes.Dts)));
            Assert.Equal(before.SelectMany(pes => pes.Data), after.SelectMany(pes => pes.Data));
        }
    }

    [Fact]
    public async Task Times_are_those_of_the_picture_that_begins_in_the_packet()
    {
        var (_, read) = await SegmentAsync(false, true);
        ReadOnlyMemory<byte> delimiter = new byte[] { 0, 0, 0, 1, 9 };
        foreach (var pes in read.Packets.Where(pes => pes.Pid == 0x100))
        {
            var first = pes.Data.AsSpan().IndexOf(delimiter.Span);
            Assert.InRange(first, 0, 183);
            Assert.Equal(-1, pes.Data.AsSpan(first + 1).IndexOf(delimiter.Span));
        }
    }

    [Fact]
    public async Task Any_range_is_that_part_of_the_whole()
    {
        await using var body = await BodyAsync(VodRequestKind.HlsTsSegment, false, true);
        var whole = await ReadAsync(body, 0, body.Length);
        var random = new Random(11);
        for (var i = 0; i < 60; i++)
        {
            var from = random.Next(whole.Length);
            var count = random.Next(1, Math.Min(whole.Length - from, 5_000) + 1);
            Assert.Equal(whole[from..(from + count)], await ReadAsync(body, from, count));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Byte_ranges_of_an_I_frame_playlist_hold_their_pictures_to_the_last_byte(bool interleave)
    {
        var (segment, _) = await SegmentAsync(false, interleave);
        await using var playlist = await BodyAsync(VodRequestKind.HlsIFrames, false, interleave);
        var text = System.Text.Encoding.UTF8.GetString(await ReadAsync(playlist, 0, playlist.Length));
        var ranges = text.Split("#EXT-X-BYTERANGE:").Skip(1).Where(line => line.Contains("seg-1-", StringComparison.Ordinal)).ToArray();
        Assert.Equal(5, ranges.Length);
        foreach (var range in ranges)
        {
            var (length, offset) = (int.Parse(range.Split('@')[0]), int.Parse(range.Split('@', '\n')[1]));
            var video = segment[offset..(offset + length)].Chunk(188).Where(packet => ((packet[1] & 0x1F) << 8 | packet[2]) == 0x100).ToArray();
            Assert.True((video[0][1] & 0x40) != 0, "a PES packet starts there");
            var payload = video.Sum(packet => 184 - ((packet[3] & 0x20) != 0 ? 1 + packet[4] : 0));
            Assert.InRange(payload, 1_000, 1_000 + 3 * 184);
        }
    }
}
