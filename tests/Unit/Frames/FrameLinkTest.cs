using System.Buffers;
using Tributary.Grains.Frames;
using Tributary.Grains.Frames.Links;
using Tributary.Media.Frames;

namespace Tributary.Unit.Frames;

public sealed class FrameLinkTest : IDisposable
{
    const int Subscription = 7;

    readonly FramePool _pool = new(4_096) { Poison = true };
    readonly FrameArena _arena;
    readonly ArrayBufferWriter<byte> _wire = new();
    readonly LinkWriter _writer = new(Subscription);
    readonly LinkReader _reader;

    public FrameLinkTest()
    {
        _arena = new FrameArena(_pool);
        _reader = new LinkReader(_arena);
    }

    public void Dispose()
    {
        _arena.Dispose();
        Assert.Equal(0, _pool.SlabsInUse);
    }

    [Fact]
    public void Frames_arrive_as_they_were_sent_with_their_track_and_segment()
    {
        var sent = new[] { Sample(Video, 0, Mark(4), [1, 2, 3]), Sample(Audio, 5, Mark(4), [9]), Sample(Video, 10, Mark(5), [4, 5]) };
        _writer.Write(_wire, new FrameBatch(sent, StreamSignal.SourceLost));

        var (received, signals) = ReadAll(_wire.WrittenMemory);

        Assert.Equal(sent.Select(Describe), received.Select(Describe));
        Assert.Equal(sent.Select(frame => frame.Segment), received.Select(frame => frame.Segment));
        Assert.Equal([Video.CodecString, Audio.CodecString, Video.CodecString], received.Select(frame => frame.Frame.Track.CodecString));
        Assert.True(received[0].Frame.Track.DecoderConfig.Span.SequenceEqual(Video.DecoderConfig.Span));
        Assert.Same(received[0].Frame.Track, received[2].Frame.Track);
        Assert.Equal([StreamSignal.SourceLost], signals);
        Release(sent, received);
    }

    [Fact]
    public void What_a_source_says_goes_with_its_frame_and_with_no_other()
    {
        var said = new[] { new TimedMetadata(-90, "{}"), new TimedMetadata(4_500, new string('x', TimedMetadata.MaxLength)) };
        var sent = new[] { Sample(Video, 0, Mark(4), [1]), Sample(Video, 5, Mark(4), [2]), Sample(Video, 10, Mark(4), [3]) };
        sent[1] = sent[1] with { Frame = sent[1].Frame with { Metadata = said } };
        _writer.Write(_wire, new FrameBatch(sent));

        var (received, _) = ReadAll(_wire.WrittenMemory);

        Assert.Equal([null, 2, null], received.Select(frame => frame.Frame.Metadata?.Length));
        Assert.Equal(said, received[1].Frame.Metadata);
        Release(sent, received);
    }

    [Fact]
    public void More_than_a_frame_may_carry_is_refused()
    {
        var mark = Mark(4);
        var sent = Sample(Video, 0, mark, [1]);
        sent = sent with { Frame = sent.Frame with { Metadata = [.. Enumerable.Repeat(new TimedMetadata(0, "{}"), TimedMetadata.MaxPerFrame + 1)] } };
        _writer.Write(_wire, sent);
        var (input, result) = (new ReadOnlySequence<byte>(_wire.WrittenMemory), LinkReadResult.Prepared);
        while (result == LinkReadResult.Prepared)
        {
            result = Next(_reader, ref input, out _, out _);
        }

        Assert.Equal(LinkReadResult.Malformed, result);
        Release([sent], []);
    }

    [Fact]
    public void The_wire_may_be_cut_anywhere()
    {
        var sent = new[] { Sample(Video, 0, Mark(4), [1, 2, 3]), Sample(Audio, 5, Mark(4), [9]) };
        _writer.Write(_wire, new FrameBatch(sent));
        var wire = _wire.WrittenMemory;

        for (var cut = 0; cut < wire.Length; cut++)
        {
            var reader = new LinkReader(_arena);
            var start = new ReadOnlySequence<byte>(wire[..cut]);
            var received = new List<MarkedFrame>();
            while (Next(reader, ref start, out var frame, out _) is var result && result != LinkReadResult.Incomplete)
            {
                Assert.NotEqual(LinkReadResult.Malformed, result);
                if (result == LinkReadResult.Batch)
                {
                    received.Add(frame);
                }
            }

            Assert.True(received.Count <= 1);
            received.ForEach(frame => frame.Frame.Data.Release());
        }

        Release(sent, []);
    }

    [Theory]
    [InlineData("00000000")]
    [InlineData("7FFFFFFF12")]
    [InlineData("FFFFFFFF12")]
    [InlineData("0000000212FF")]                 // a number without end
    [InlineData("0000000A1207000000000000000000")]  // a frame of a track that was never described
    [InlineData("0000000411070A00")]             // a segment without its fields
    [InlineData("000000031307FF")]               // no such signal
    public void What_is_no_message_is_refused(string hex)
    {
        var input = new ReadOnlySequence<byte>(Convert.FromHexString(hex));

        Assert.Equal(LinkReadResult.Malformed, Next(_reader, ref input, out _, out _));
    }

    [Fact]
    public void What_a_later_version_says_in_addition_is_passed_over()
    {
        var input = new ReadOnlySequence<byte>(Convert.FromHexString("000000029907" + "000000031307" + $"{(int)StreamSignal.OffAir:X2}"));

        Assert.Equal(LinkReadResult.Prepared, Next(_reader, ref input, out _, out _));
        Assert.Equal(LinkReadResult.Batch, Next(_reader, ref input, out _, out var signal));
        Assert.Equal(StreamSignal.OffAir, signal);
    }

    [Fact]
    public void Many_changes_of_configuration_do_not_make_the_link_grow()
    {
        var mark = Mark(1);
        for (var n = 0; n < 300; n++)
        {
            var sent = new[] { Sample(Video with { Width = n + 1 }, n, mark, [1]) };
            _wire.ResetWrittenCount();
            _writer.Write(_wire, new FrameBatch(sent));
            var (received, _) = ReadAll(_wire.WrittenMemory);
            Assert.Equal(n + 1, Assert.Single(received).Frame.Track.Width);
            Release(sent, received);
        }
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            if (bytes.Length > 5)
            {
                bytes.AsSpan(0, 3).Clear();
                (bytes[4], bytes[5]) = ((byte)random.Next(1, 24), Subscription);
            }

            var input = new ReadOnlySequence<byte>(bytes);
            while (Next(new LinkReader(_arena), ref input, out var frame, out _) is LinkReadResult.Batch or LinkReadResult.Prepared)
            {
                frame.Frame.Data.Release();
            }
        }
    }

    (List<MarkedFrame>, List<StreamSignal>) ReadAll(ReadOnlyMemory<byte> wire)
    {
        var input = new ReadOnlySequence<byte>(wire);
        var (frames, signals) = (new List<MarkedFrame>(), new List<StreamSignal>());
        while (true)
        {
            switch (Next(_reader, ref input, out var frame, out var signal))
            {
                case LinkReadResult.Batch when signal == StreamSignal.None:
                    frames.Add(frame);
                    break;
                case LinkReadResult.Batch:
                    signals.Add(signal);
                    break;
                case LinkReadResult.Incomplete:
                    Assert.True(input.IsEmpty);
                    return (frames, signals);
                case LinkReadResult.Malformed:
                    Assert.Fail("A message that was written could not be read.");
                    break;
            }
        }
    }

    static LinkReadResult Next(LinkReader reader, ref ReadOnlySequence<byte> input, out MarkedFrame frame, out StreamSignal signal)
    {
        (frame, signal) = (default, StreamSignal.None);
        var result = LinkMessage.TryTake(ref input, out var message);
        if (result == LinkReadResult.Prepared)
        {
            Assert.True(message.Subscription == Subscription || message.Body.Length < 200);
            result = reader.Read(message, out frame, out signal);
        }

        return result;
    }

    static object Describe(MarkedFrame marked) => (marked.Part, marked.Frame.Dts, marked.Frame.CompositionOffset, marked.Frame.Duration,
        marked.Frame.Flags, Convert.ToHexString(marked.Frame.Data.Span));

    static void Release(IEnumerable<MarkedFrame> sent, IEnumerable<MarkedFrame> received)
    {
        foreach (var frame in sent.Concat(received))
        {
            frame.Frame.Data.Release();
        }
    }

    MarkedFrame Sample(TrackInfo track, long dts, SegmentMark mark, byte[] bytes) =>
        new(new Frame(track, _arena.Copy(bytes), dts - 100, -40, 33, FrameFlags.Key), mark, 3);

    static TrackInfo Video { get; } = new()
    {
        Id = 1, Codec = Codec.H264, Timescale = 90_000, DecoderConfig = new byte[] { 1, 2, 3 }, CodecString = "avc1.64001f", Width = 1280, Height = 720,
    };

    static TrackInfo Audio { get; } = new()
    {
        Id = 101, Codec = Codec.Aac, Timescale = 48_000, DecoderConfig = new byte[] { 0x11, 0x90 }, CodecString = "mp4a.40.2", Language = "de",
    };

    readonly Dictionary<long, SegmentMark> _marks = [];

    SegmentMark Mark(long msn)
    {
        if (!_marks.TryGetValue(msn, out var mark))
        {
            _marks[msn] = mark = new SegmentMark
            {
                Msn = msn, Epoch = 3, DiscontinuitySequence = 2, StartsDiscontinuity = true, Start90k = -5, TargetDuration = 4, Independent = true,
                ProgramDateTime = new DateTimeOffset(2026, 5, 4, 3, 2, 1, TimeSpan.Zero),
            };
        }

        return mark;
    }
}
