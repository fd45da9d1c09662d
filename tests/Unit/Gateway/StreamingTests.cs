using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Gateway.Streaming;
using Tributary.Grains.Frames;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;
using Tributary.Protocols.WebSockets;
using Tributary.Unit.Packaging;

namespace Tributary.Unit.Gateway;

/// <summary>Long-lived viewers: where they begin, what they get, and what becomes of slow ones. The writer loop is the real one.</summary>
public sealed class StreamingTests : IDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    readonly FramePool _pool = new(16 * 1024) { Poison = true };
    readonly SyntheticStream _media = new();
    readonly StreamingMetrics _metrics =
        new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());

    public void Dispose()
    {
        _media.Dispose();
        Assert.Equal(0, _media.Pool.SlabsInUse);
        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Fact]
    public async Task A_viewer_of_flv_begins_at_the_last_key_frame_at_time_zero_with_configurations_first()
    {
        var output = new Output();
        await Watch(StreamFormat.Flv, new FlvFraming("head "u8.ToArray()), output, segments: 3);
        Assert.StartsWith("head FLV", Encoding.Latin1.GetString(output.Bytes[..8]), StringComparison.Ordinal);
        var tags = Tags(output.Bytes[5..]);

        Assert.Equal([FlvTag.Script, FlvTag.Video, FlvTag.Audio], tags[..3].Select(tag => tag.Type));
        Assert.All(tags[..3], tag => Assert.Equal(0u, tag.Time));
        Assert.Equal([0x17, 0, 0, 0, 0, 1, 2, 3], tags[1].Body);
        Assert.Equal((FlvTag.Video, 1_960u), (tags[^1].Type, tags[^1].Time));
        Assert.Equal([0x17, 2, 0, 0, 0], tags[^1].Body);   // end of sequence
        var pictures = tags[3..^1].Where(tag => tag.Type == FlvTag.Video).ToArray();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (uint)(40 * i)), pictures.Select(tag => tag.Time));
        Assert.Equal(0x17, pictures[0].Body[0]);
        Assert.All(pictures, tag => Assert.Equal(2, tag.Body[12]));   // of segment 2, the last one
        var sounds = tags[3..].Where(tag => tag.Type == FlvTag.Audio).ToArray();
        Assert.InRange(sounds.Length, 92, 94);
        Assert.Equal(sounds.Select(tag => tag.Time).Order(), sounds.Select(tag => tag.Time));
    }

    [Fact]
    public async Task Viewers_of_rtmp_have_clocks_of_their_own_over_shared_bytes()
    {
        var output = new Output();
        await Watch(StreamFormat.Rtmp, new RtmpFraming(1), output, segments: 3);
        var messages = Messages(output.Bytes);

        Assert.Equal([RtmpMessageType.DataAmf0, RtmpMessageType.Video, RtmpMessageType.Audio], messages[..3].Select(message => message.Type));
        Assert.All(messages, message => Assert.Equal(1u, message.Stream));
        Assert.Equal(
            Enumerable.Range(0, 50).Select(i => (uint)(40 * i)),
            messages[3..].Where(message => message.Type == RtmpMessageType.Video).Select(message => message.Time));
        var sounds = messages[3..].Where(message => message.Type == RtmpMessageType.Audio).Select(message => message.Time).ToArray();
        Assert.InRange(sounds.Length, 92, 94);
        Assert.All(sounds.Select((time, i) => time - sounds[0] - i * 1_024 * 1_000 / 48_000.0), drift => Assert.InRange(drift, -2, 2));
    }

    [Fact]
    public async Task A_websocket_gets_a_message_per_tag()
    {
        var (plain, socket) = (new Output(), new Output());
        await Watch(StreamFormat.Flv, new FlvFraming([]), plain, segments: 2);
        await Watch(StreamFormat.Flv, new WebSocketFraming(new FlvFraming([]), "101"u8.ToArray()), socket, segments: 2);
        Assert.Equal(plain.Bytes, Unframe(socket.Bytes[3..^4]));
        Assert.Equal([0x88, 2, 0x03, 0xE8], socket.Bytes[^4..]);   // close, 1000
    }

    [Fact]
    public async Task However_little_a_socket_takes_at_once_the_viewer_gets_the_same_bytes()
    {
        foreach (var (format, framing) in new (StreamFormat, Func<IViewerFraming>)[]
            { (StreamFormat.Flv, () => new FlvFraming([1])), (StreamFormat.Rtmp, () => new RtmpFraming(1)) })
        {
            var (quick, slow) = (new Output(), new Output { Most = 997 });
            await Watch(format, framing(), quick, segments: 2);
            await Watch(format, framing(), slow, segments: 2);
            Assert.Equal(quick.Bytes, slow.Bytes);
        }
    }

    [Theory]
    [InlineData(StreamFormat.Flv)]
    [InlineData(StreamFormat.Rtmp)]
    public async Task A_slow_viewer_goes_on_at_a_key_frame_and_every_frame_it_got_is_whole(StreamFormat format)
    {
        using var loop = Loop(new StreamingOptions { Merge = TimeSpan.Zero, MaxLag = TimeSpan.FromSeconds(1) }, out var stream, format);
        var output = new Output { Most = 150 };
        IViewerFraming framing = format == StreamFormat.Flv ? new FlvFraming([]) : new RtmpFraming(1);
        var viewer = new Viewer(output, framing);
        Append(stream, 0, 1);
        output.TakeOnly(600);
        loop.Add(viewer, stream);
        await output.IsFull.WaitAsync(Soon);
        Append(stream, 1, 5);   // ten seconds on: what it was at is long gone
        output.TakeAll();
        stream.Append([], StreamSignal.OffAir);
        Assert.Equal(ViewerEnd.OffAir, await viewer.Gone.WaitAsync(Soon));

        var times = format == StreamFormat.Flv
            ? Tags(output.Bytes).Where(tag => tag.Type == FlvTag.Video && tag.Body[1] == 1).Select(tag => (tag.Time, Key: tag.Body[0] == 0x17)).ToArray()
            : Messages(output.Bytes).Where(message => message.Type == RtmpMessageType.Video && message.Body[1] == 1)
                .Select(message => (message.Time, Key: message.Body[0] == 0x17)).ToArray();
        var jump = times.Zip(times.Skip(1)).Single(pair => pair.Second.Time - pair.First.Time != 40);
        Assert.True(jump.Second.Key);
        Assert.Equal(8_000u, jump.Second.Time);   // its clock goes on
        stream.Dispose();
    }

    [Fact]
    public async Task A_viewer_that_is_too_slow_too_often_is_closed_and_frees_what_it_held()
    {
        using var loop = Loop(
            new StreamingOptions { Merge = TimeSpan.Zero, MaxLag = TimeSpan.FromSeconds(1), MaxDrops = 0 }, out var stream, StreamFormat.Flv);
        var output = new Output();
        var viewer = new Viewer(output, new FlvFraming([]));
        Append(stream, 0, 1);
        output.TakeOnly(600);
        loop.Add(viewer, stream);
        await output.IsFull.WaitAsync(Soon);
        Append(stream, 1, 5);
        Assert.Equal(ViewerEnd.TooSlow, await viewer.Gone.WaitAsync(Soon));
        stream.Dispose();
    }

    [Fact]
    public void The_first_tables_of_a_transport_stream_name_the_track_that_shows_itself_second()
    {
        using var stream = new MuxedStream("studio", StreamFormat.MpegTs, new StreamingOptions(), _metrics, _pool);
        var (mark, frames) = (_media.Mark(0), new MuxedFrame[16]);
        Append(stream, [_media.Picture(mark, 0)]);
        Assert.Equal(-1, stream.Take(long.MaxValue, withJoin: true, ref frames).Join);

        Append(stream, [_media.Sound(mark, 0)]);
        var snapshot = stream.Take(long.MaxValue, withJoin: true, ref frames);
        var map = frames[snapshot.Join].Bytes.Span[188..376];
        Assert.True(map.IndexOf<byte>([0x1B, 0xE1, 0x00]) > 0 && map.IndexOf<byte>([0x0F, 0xE1, 0x01]) > 0, "ISO/IEC 13818-1 §2.4.4.8: stream type, reserved bits, PID");
        foreach (var frame in frames.AsSpan(0, (int)(snapshot.End - snapshot.Start)))
        {
            frame.Bytes.Release();
        }
    }

    [Fact]
    public void Pictures_without_sound_are_held_for_half_a_second_and_no_longer()
    {
        using var stream = new MuxedStream("studio", StreamFormat.Flv, new StreamingOptions(), _metrics, _pool);
        var (mark, frames) = (_media.Mark(0), new MuxedFrame[64]);
        for (var index = 0; index < 14; index++)
        {
            Append(stream, [_media.Picture(mark, index)]);
            var snapshot = stream.Take(long.MaxValue, withJoin: true, ref frames);
            Assert.Equal(index * 40 < 500 ? -1 : 0, snapshot.Join);
            foreach (var frame in frames.AsSpan(0, (int)(snapshot.End - snapshot.Start)))
            {
                frame.Bytes.Release();
            }
        }
    }

    [Fact]
    public async Task Sound_goes_on_where_no_picture_comes_with_which_it_could_go()
    {
        using var loop = Loop(new StreamingOptions(), out var stream, StreamFormat.Flv);
        var output = new Output();
        var viewer = new Viewer(output, new FlvFraming([]));
        var mark = _media.Mark(0);
        Append(stream, [_media.Picture(mark, 0), _media.Sound(mark, 0)]);
        loop.Add(viewer, stream);
        await output.Began.WaitAsync(Soon);
        output.TakeOnly(1);
        Append(stream, [_media.Sound(mark, 1_024)]);
        await output.IsFull.WaitAsync(Soon);
        output.TakeAll();
        stream.Append([], StreamSignal.OffAir);
        await viewer.Gone.WaitAsync(Soon);
        Assert.Equal([0u, 0u, 21u], Tags(output.Bytes).Where(tag => tag.Type == FlvTag.Audio).Select(tag => tag.Time));   // with the configuration
        stream.Dispose();
    }

    [Fact]
    public async Task A_viewer_that_leaves_is_let_go_although_nothing_is_sent()
    {
        using var loop = Loop(new StreamingOptions(), out var stream, StreamFormat.Flv);
        var viewer = new Viewer(new Output(), new FlvFraming([]));
        loop.Add(viewer, stream);
        viewer.End(ViewerEnd.Left);
        Assert.Equal(ViewerEnd.Left, await viewer.Gone.WaitAsync(Soon));
        stream.Dispose();
    }

    [Theory]
    [InlineData(StreamFormat.Flv)]
    [InlineData(StreamFormat.Rtmp)]
    public async Task A_viewer_of_a_draining_gateway_is_ended_before_the_next_key_frame(StreamFormat format)
    {
        using var loop = Loop(new StreamingOptions { Merge = TimeSpan.Zero }, out var stream, format);
        var output = new Output { Most = 5_000 };
        IViewerFraming framing = format == StreamFormat.Flv ? new WebSocketFraming(new FlvFraming([]), []) : new RtmpFraming(1);
        var viewer = new Viewer(output, framing);
        Append(stream, 0, 1);
        loop.Add(viewer, stream);
        await output.Began.WaitAsync(Soon);
        loop.Leave(atOnce: false);
        Append(stream, 1, 2);
        Assert.Equal(ViewerEnd.Moved, await viewer.Gone.WaitAsync(Soon));

        var pictures = format == StreamFormat.Flv
            ? Tags(Unframe(output.Bytes[..^4])).Where(tag => tag.Type == FlvTag.Video && tag.Body[1] == 1).Select(tag => tag.Time)
            : Messages(output.Bytes).Where(message => message.Type == RtmpMessageType.Video && message.Body[1] == 1).Select(message => message.Time);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (uint)(40 * i)), pictures);
        if (format == StreamFormat.Flv)
        {
            Assert.Equal([0x88, 2, 0x03, 0xE9], output.Bytes[^4..]);   // close, 1001: going away
        }

        stream.Dispose();
    }

    [Fact]
    public async Task When_the_time_to_drain_is_over_a_viewer_is_ended_where_it_is()
    {
        using var loop = Loop(new StreamingOptions { Merge = TimeSpan.Zero }, out var stream, StreamFormat.Flv);
        var output = new Output();
        var viewer = new Viewer(output, new FlvFraming([]));
        Append(stream, 0, 1);
        loop.Add(viewer, stream);
        await output.Began.WaitAsync(Soon);
        loop.Leave(atOnce: true);
        Assert.Equal(ViewerEnd.Stopping, await viewer.Gone.WaitAsync(Soon));
        Assert.Equal([0x17, 2, 0, 0, 0], Tags(output.Bytes)[^1].Body);
        stream.Dispose();
    }

    [Fact]
    public async Task Another_configuration_is_told_to_those_who_watch()
    {
        using var loop = Loop(new StreamingOptions { Merge = TimeSpan.Zero }, out var stream, StreamFormat.Flv);
        var (output, mark) = (new Output(), _media.Mark(1));
        var viewer = new Viewer(output, new FlvFraming([]));
        Append(stream, 0, 1);
        loop.Add(viewer, stream);
        await output.Began.WaitAsync(Soon);
        var other = SyntheticStream.Video with { DecoderConfig = new byte[] { 1, 9, 9 } };
        Append(stream, _media.Segment(mark, picture: other));
        stream.Append([], StreamSignal.OffAir);
        await viewer.Gone.WaitAsync(Soon);
        var configurations = Tags(output.Bytes).Where(tag => tag.Type == FlvTag.Video && tag.Body[1] == 0).ToArray();
        Assert.Equal([(0u, 3), (2_000u, 9)], configurations.Select(tag => (tag.Time, (int)tag.Body[7])));
        stream.Dispose();
    }

    [Fact]
    public async Task The_clock_goes_on_when_the_stream_begins_anew()
    {
        using var loop = Loop(new StreamingOptions { Merge = TimeSpan.Zero }, out var stream, StreamFormat.Flv);
        var output = new Output();
        var viewer = new Viewer(output, new FlvFraming([]));
        Append(stream, 5, 6);
        loop.Add(viewer, stream);
        await output.Began.WaitAsync(Soon);
        Append(stream, _media.Segment(_media.Mark(6, start90k: 0), audio: false));
        stream.Append([], StreamSignal.OffAir);
        await viewer.Gone.WaitAsync(Soon);
        var times = Tags(output.Bytes).Where(tag => tag.Type == FlvTag.Video).Select(tag => tag.Time).ToArray();
        Assert.Equal(times.Order(), times);
        Assert.InRange(times[^1], 3_800u, 4_000u);
        stream.Dispose();
    }

    async Task Watch(StreamFormat format, IViewerFraming framing, Output output, int segments)
    {
        using var media = new SyntheticStream(_media.Pool);
        using var loop = Loop(new StreamingOptions { Merge = TimeSpan.Zero }, out var stream, format);
        for (var msn = 0; msn < segments; msn++)
        {
            Append(stream, media.Segment(media.Mark(msn)));
        }

        stream.Append([], StreamSignal.OffAir);
        var viewer = new Viewer(output, framing);
        loop.Add(viewer, stream);
        Assert.Equal(ViewerEnd.OffAir, await viewer.Gone.WaitAsync(Soon));
        stream.Dispose();
    }

    WriterLoop Loop(StreamingOptions options, out MuxedStream stream, StreamFormat format)
    {
        stream = new MuxedStream("studio", format, options, _metrics, _pool);
        return new WriterLoop(0, options, _metrics);
    }

    void Append(MuxedStream stream, int from, int to)
    {
        for (var msn = from; msn < to; msn++)
        {
            Append(stream, _media.Segment(_media.Mark(msn)));
        }
    }

    static void Append(MuxedStream stream, List<MarkedFrame> frames)
    {
        stream.Append([.. frames], StreamSignal.None);
        frames.ForEach(frame => frame.Frame.Data.Release());
    }

    static List<(byte Type, uint Time, byte[] Body)> Tags(byte[] bytes)
    {
        using var arena = new FrameArena(new FramePool(4_096));
        var (reader, buffer, tags) = (new FlvTagReader(arena), new ReadOnlySequence<byte>(bytes), new List<(byte, uint, byte[])>());
        while (reader.TryRead(ref buffer, out var tag))
        {
            tags.Add((tag.Type, tag.Timestamp, tag.Payload.Span.ToArray()));
            tag.Payload.Release();
        }

        Assert.True(buffer.IsEmpty && !reader.Malformed, "the last tag is not whole");
        return tags;
    }

    static List<(RtmpMessageType Type, uint Stream, uint Time, byte[] Body)> Messages(byte[] bytes)
    {
        using var arena = new FrameArena(new FramePool(4_096));
        using var reader = new RtmpChunkReader(arena, RtmpLimits.Default) { MaxMessageBytes = 1 << 20, MaxPendingBytes = 1 << 20 };
        Assert.True(reader.TrySetChunkSize(RtmpPlayChunks.ChunkSize));
        var (buffer, messages) = (new ReadOnlySequence<byte>(bytes), new List<(RtmpMessageType, uint, uint, byte[])>());
        while (reader.TryRead(ref buffer, out var message))
        {
            messages.Add((message.Type, message.StreamId, message.Timestamp, message.Payload.Span.ToArray()));
            message.Payload.Release();
        }

        Assert.Equal(RtmpEnd.None, reader.End);
        Assert.True(buffer.IsEmpty, "the last message is not whole");
        return messages;
    }

    static byte[] Unframe(byte[] bytes)
    {
        using var all = new MemoryStream();
        for (var at = 0; at < bytes.Length;)
        {
            Assert.Equal(0x80 | (int)WebSocketOpcode.Binary, bytes[at]);
            var (length, head) = bytes[at + 1] == 126 ? (bytes[at + 2] << 8 | bytes[at + 3], 4) : (bytes[at + 1], 2);
            Assert.True(length < 126 || head == 4);
            all.Write(bytes, at + head, length);
            at += head + length;
        }

        return all.ToArray();
    }

    /// <summary>A socket that takes as much as the test wants.</summary>
    sealed class Output : IViewerOutput
    {
        readonly List<byte> _taken = [];
        readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long _room = long.MaxValue;

        /// <summary>Bytes that one call takes at most.</summary>
        public int Most { get; init; } = int.MaxValue;

        public Task IsFull => _full.Task;

        public Task Began => _began.Task;

        public byte[] Bytes => [.. _taken];

        public void TakeOnly(long bytes) => Volatile.Write(ref _room, bytes);

        public void TakeAll() => Volatile.Write(ref _room, long.MaxValue / 2);

        public long Send(ReadOnlySpan<IoVector> pieces)
        {
            var left = Math.Min(Most, Volatile.Read(ref _room));
            var before = _taken.Count;
            foreach (var piece in pieces)
            {
                var part = piece.Span[..(int)Math.Min((long)piece.Length, left)];
                _taken.AddRange(part);
                left -= part.Length;
            }

            Interlocked.Add(ref _room, before - _taken.Count);
            _began.TrySetResult();
            if (Volatile.Read(ref _room) == 0)
            {
                _full.TrySetResult();
            }

            return _taken.Count - before;
        }
    }
}
