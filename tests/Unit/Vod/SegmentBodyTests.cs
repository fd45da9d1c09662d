using System.IO.Pipelines;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;
using Tributary.Media.Sources;
using Tributary.Unit.Containers;

namespace Tributary.Unit.Vod;

/// <summary>Segments that are put together while they are sent: any part of one is that part of the whole.</summary>
public sealed class SegmentBodyTests
{
    /// <summary>Frames of one NAL unit that fills them.</summary>
    sealed class OneUnitPerFrame(int size, long damagedAt = -1) : IByteSource
    {
        public long Length => long.MaxValue;

        public DateTimeOffset? LastModified => null;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                var at = (int)((offset + i) % size);
                buffer.Span[i] = at < 4 ? (byte)((size - 4) >> (8 * (3 - at))) : (byte)((offset + i) * 31);
                buffer.Span[i] = offset + i == damagedAt ? (byte)0x7F : buffer.Span[i];
            }

            return new(buffer.Length);
        }

        public ValueTask DisposeAsync() => default;
    }

    sealed class Opener(IByteSource source, params SourceTrack[] tracks) : IMediaOpener
    {
        public ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation) =>
            new(new OpenedMedia(MediaFailure.None, "", new MediaFile(tracks, 0, 0), null, source));
    }

    static async Task<PackagedBody> BodyAsync(VodRequest request, int size, params SourceTrack[] tracks)
    {
        var set = new MediaSetDescription { Sequences = [new SequenceDescription { Clips = [new SourceClip { Path = "a.mp4" }] }] };
        var place = new VodPlace { BaseUrl = "", SegmentsBaseUrl = "", Path = "/hls/a.mp4" };
        var answer = await new VodPackager(new Opener(new OneUnitPerFrame(size), tracks), PackagingOptions.Default).AnswerAsync(new VodJob(set, request, place, 0), default);
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

    public static TheoryData<VodRequestKind, int> Segments => new()
    {
        { VodRequestKind.HlsTsSegment, 1_000 },
        { VodRequestKind.HlsTsSegment, 150_000 },   // a picture is larger than what is written at once
        { VodRequestKind.HlsFmp4Segment, 1_000 },
        { VodRequestKind.DashFragment, 90_000 },
        { VodRequestKind.HdsFragment, 1_000 },
        { VodRequestKind.HdsFragment, 70_000 },
    };

    [Fact]
    public async Task A_picture_that_does_not_add_up_is_an_answer_at_the_beginning_and_ends_the_connection_behind_it()
    {
        var request = new VodRequest { Kind = VodRequestKind.HlsTsSegment, SegmentIndex = 0 };
        var set = new MediaSetDescription { Sequences = [new SequenceDescription { Clips = [new SourceClip { Path = "a.mp4" }] }] };
        var place = new VodPlace { BaseUrl = "", SegmentsBaseUrl = "", Path = "/hls/a.mp4" };
        Task<PackagedAnswer> AnswerAsync(long damagedAt) =>
            new VodPackager(new Opener(new OneUnitPerFrame(10_000, damagedAt), EvenTrack.Video(10, size: 10_000)), PackagingOptions.Default).AnswerAsync(new VodJob(set, request, place, 0), default).AsTask();

        Assert.Equal(MediaFailure.BadData, (await AnswerAsync(50_000)).Failure);
        await using var body = (await AnswerAsync(2_000_000)).Body!;
        await Assert.ThrowsAsync<IOException>(() => ReadAsync(body, 0, body.Length));
    }

    [Fact]
    public async Task Tracks_that_take_turns_in_their_file_are_read_in_large_windows_and_what_was_looked_at_before_is_not_read_again()
    {
        const int Picture = 10_000, Sound = 200, Turn = Picture + 2 * Sound;
        var source = new MemorySource([], 1L << 40);
        SourceTrack[] tracks = [EvenTrack.Video(10, size: Picture, stride: Turn), EvenTrack.Audio(469, Sound, place: Picture, stride: Turn / 2)];
        var set = new MediaSetDescription { Sequences = [new SequenceDescription { Clips = [new SourceClip { Path = "a.mp4" }] }] };
        var job = new VodJob(set, new VodRequest { Kind = VodRequestKind.HdsFragment, SegmentIndex = 0 }, new VodPlace { BaseUrl = "", SegmentsBaseUrl = "", Path = "/hds/a.mp4" }, 0);
        await using var body = (await new VodPackager(new Opener(source, tracks), PackagingOptions.Default).AnswerAsync(job, default)).Body!;
        await ReadAsync(body, 0, body.Length);
        Assert.InRange(source.Reads, 20, 24);   // 2.6 MB in windows of 128 kB, each of which begins with the frame that the one before cut
    }

    [Theory]
    [MemberData(nameof(Segments))]
    public async Task Any_range_is_that_part_of_the_whole(VodRequestKind kind, int size)
    {
        var frames = size > 10_000 ? 2 : 10;   // seconds
        SourceTrack[] tracks = kind == VodRequestKind.DashFragment ? [EvenTrack.Video(frames, size: size)] : [EvenTrack.Video(frames, size: size), EvenTrack.Audio(frames * 46)];
        await using var body = await BodyAsync(new VodRequest { Kind = kind, SegmentIndex = 0, Version = 3 }, size, tracks);
        var whole = await ReadAsync(body, 0, body.Length);
        Assert.Equal(body.Length, whole.Length);

        var random = new Random(7);
        for (var i = 0; i < 100; i++)
        {
            var from = random.Next(whole.Length);
            var count = random.Next(1, Math.Min(whole.Length - from, i % 2 == 0 ? 500 : whole.Length) + 1);
            Assert.Equal(whole[from..(from + count)], await ReadAsync(body, from, count));
        }
    }
}
