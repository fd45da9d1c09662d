using System.Buffers;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;
using Tributary.Unit.Media;

namespace Tributary.Unit.Rtmp;

public sealed class FlvFromFramesTests
{
    const string H264Picture = "00000003658884", HevcPicture = "00000003260102";

    // codec, configuration or empty, a frame
    public static TheoryData<Codec, string, string> Codecs => new()
    {
        { Codec.H264, CodecVectors.AvcC, H264Picture },
        { Codec.Hevc, CodecVectors.HvcC, HevcPicture },
        { Codec.Av1, CodecVectors.Av1C, CodecVectors.Av1Key },
        { Codec.Vp9, CodecVectors.Vp9FullBox, CodecVectors.Vp9Key },
        { Codec.Aac, "1190", "2110" },
        { Codec.Opus, CodecVectors.OpusBox, CodecVectors.OpusPacket },
        { Codec.Flac, CodecVectors.FlacBox, "FFF8C9180000" },
        { Codec.Mp3, "", CodecVectors.Mp3Frame },
        { Codec.Ac3, "", CodecVectors.Ac3Frame },
    };

    [Theory]
    [MemberData(nameof(Codecs))]
    public void What_is_written_is_read_back_on_every_track(Codec codec, string config, string coded)
    {
        foreach (var number in (int[])[0, 1, 5])
        {
            using var peer = ScriptedPeer.OnAir();
            using var arena = new FrameArena(peer.Pool);
            var output = new ArrayBufferWriter<byte>();
            var id = number + (codec.Kind() == TrackKind.Video ? 1 : 101);
            var track = Track(codec, id, config, coded);
            var data = arena.Copy(Wire.Hex(coded));
            var offset = codec is Codec.H264 or Codec.Hevc ? track.Timescale / 25 : 0;
            Send(output, arena, new Frame(track, data, track.Timescale * 3L, offset, 0, FrameFlags.Key));
            Send(output, arena, new Frame(track, data, track.Timescale * 4L, 0, 0, FrameFlags.Key));
            data.Release();

            var sink = new Recorder();
            var flv = new FlvToFrames(sink, arena);
            foreach (var (kind, time, payload) in Messages(output.WrittenSpan.ToArray()))
            {
                var tag = arena.Copy(payload);
                Assert.Equal(FlvOutcome.Taken, kind == RtmpMessageKind.Video ? flv.OnVideo(time, tag) : flv.OnAudio(time, tag));
            }

            Assert.Equal([3_000L, 4_000], sink.Frames.Select(f => f.Dts));
            Assert.Equal([offset == 0 ? 0 : 40, 0], sink.Frames.Select(f => f.CompositionOffset));
            Assert.All(sink.Frames, frame =>
            {
                Assert.Equal((id, true, codec), (frame.Track.Id, frame.IsKey, frame.Track.Codec));
                Assert.Equal(Wire.Hex(coded), frame.Data.Span.ToArray());
                Assert.Equal(track.DecoderConfig.ToArray(), frame.Track.DecoderConfig.ToArray());
                frame.Data.Release();
            });
        }
    }

    // What the client writes, read by a session as a server would.
    static List<(RtmpMessageKind, uint, byte[])> Messages(byte[] chunks)
    {
        using var peer = ScriptedPeer.OnAir();
        peer.Feed(chunks, 100);
        return [.. peer.Messages.Skip(1)];
    }

    readonly Dictionary<ArrayBufferWriter<byte>, RtmpFromFrames> _senders = [];

    void Send(ArrayBufferWriter<byte> output, FrameArena arena, Frame frame)
    {
        if (!_senders.TryGetValue(output, out var sender))
        {
            var client = new RtmpPublishClient(output, arena, new() { App = "live", TcUrl = "t", StreamName = "a", ChunkSize = 128 }, new Random(1));
            BringOnAir(client);
            output.Clear();
            _senders.Add(output, sender = new RtmpFromFrames(client));
        }

        sender.Send(frame);
    }

    static void BringOnAir(RtmpPublishClient client)
    {
        // A server that says yes to everything, in one go.
        var replies = new ArrayBufferWriter<byte>();
        replies.Write((byte[])[3, .. new byte[2 * 1536]]);
        var chunks = new RtmpChunkWriter(replies);
        void Reply(Action<Amf0Writer> write) => chunks.Write(3, RtmpMessageType.CommandAmf0, 0, 0, Wire.Amf(write));
        Reply(amf => amf.String("_result").Number(1).Null().Null());
        Reply(amf => amf.String("_result").Number(4).Null().Number(1));
        Reply(amf => amf.String("onStatus").Number(0).Null().BeginObject().Property("code", "NetStream.Publish.Start").End());
        client.Start();
        var buffer = new ReadOnlySequence<byte>(replies.WrittenMemory);
        Assert.True(client.TryRead(ref buffer));
        Assert.Equal(RtmpClientState.OnAir, client.State);
    }

    static TrackInfo Track(Codec codec, int id, string config, string coded)
    {
        Assert.True(
            config.Length > 0
                ? TrackConfiguration.TryCreate(codec, id, Wire.Hex(config), out var track)
                : TrackConfiguration.TryCreateFromFrame(codec, id, Wire.Hex(coded), out track));
        return track!;
    }

    sealed class Recorder : IFrameSink
    {
        public List<Frame> Frames { get; } = [];

        public void OnFrame(in Frame frame, SourceClock clock) => Frames.Add(frame);

        public void OnMetadata(IReadOnlyDictionary<string, string> values)
        {
        }

        public void OnTimedMetadata(string text, long timestamp, SourceClock clock)
        {
        }
    }
}
