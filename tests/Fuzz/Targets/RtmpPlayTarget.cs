using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;

namespace Tributary.Fuzz.Targets;

/// <summary>What a hostile server sends to a client that plays, after the handshake: bounded memory, nothing kept, and the same however it is cut.</summary>
[FuzzTarget("rtmp-play")]
static class RtmpPlayTarget
{
    static readonly FramePool Pool = new(slabSize: 4_096) { Poison = true };
    static readonly RtmpClientOptions Options = new() { App = "live", TcUrl = "rtmp://host/live", StreamName = "a" };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        var whole = Play(bytes, bytes.Length);
        var cut = Play(bytes, bytes.Length / 3);
        Holds.That(whole == cut, $"How the bytes were cut changed what was read: {whole} or {cut}.");
    }

    static (RtmpEnd End, RtmpClientState State, int Messages, long PayloadSum) Play(byte[] bytes, int cut)
    {
        var arena = new FrameArena(Pool);
        var client = new RtmpPlayClient(new ArrayBufferWriter<byte>(8_192), arena, Options, new Random(1));
        var flv = new FlvToFrames(new ReleasingSink(), arena);
        client.Start();
        byte[] unread = [3, .. new byte[2 * 1536]];
        var (messages, sum) = (0, 0L);
        foreach (var part in (byte[][])[bytes[..cut], bytes[cut..]])
        {
            byte[] all = [.. unread, .. part];
            var buffer = new ReadOnlySequence<byte>(all);
            while (client.TryRead(ref buffer, out var message))
            {
                messages++;
                Holds.That(client.State is RtmpClientState.Asking or RtmpClientState.OnAir, "Media before it was asked for.");
                foreach (var value in message.Payload.Span)
                {
                    sum = sum * 31 + value;
                }

                Take(flv, message);
            }

            unread = buffer.ToArray();
        }

        Holds.That(client.PendingBytes <= Options.Limits.MaxPendingBytes, "More is pending than the limit.");
        Holds.That((client.State == RtmpClientState.Ended) == (client.End != RtmpEnd.None), "A client that ended says why.");
        Holds.That(unread.Length <= 32 || client.End != RtmpEnd.None, "Bytes were left although they could have been taken.");
        var result = (client.End, client.State, messages, sum);
        client.Dispose();
        arena.Dispose();
        Holds.That(Pool.SlabsInUse == 0, "Frame memory was kept.");
        return result;
    }

    static void Take(FlvToFrames flv, RtmpMessage message)
    {
        switch (message.Kind)
        {
            case RtmpMessageKind.Video:
                flv.OnVideo(message.Timestamp, message.Payload);
                break;
            case RtmpMessageKind.Audio:
                flv.OnAudio(message.Timestamp, message.Payload);
                break;
            default:
                flv.OnData(message.Timestamp, message.Payload.Span);
                message.Payload.Release();
                break;
        }
    }

    sealed class ReleasingSink : IFrameSink
    {
        public void OnFrame(in Frame frame, SourceClock clock) => frame.Data.Release();

        public void OnMetadata(IReadOnlyDictionary<string, string> values)
        {
        }

        public void OnTimedMetadata(string text, long timestamp, SourceClock clock)
        {
        }
    }
}
