using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;

namespace Tributary.Fuzz.Targets;

/// <summary>Chunks after a handshake, in two reads: bounded memory, nothing lost or kept, and the same whatever the reads are.</summary>
[FuzzTarget("rtmp-session")]
static class RtmpSessionTarget
{
    static readonly RtmpLimits Limits = new();
    static readonly FramePool Pool = new(slabSize: 4_096) { Poison = true };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var bytes = input.ToArray();
        var whole = Play(bytes, bytes.Length);
        var cut = Play(bytes, bytes.Length / 3);
        Holds.That(whole == cut, $"How the bytes were cut changed what was read: {whole} or {cut}.");
    }

    static (RtmpEnd End, int Messages, long PayloadSum, uint LastTime) Play(byte[] bytes, int cut)
    {
        var arena = new FrameArena(Pool);
        var output = new ArrayBufferWriter<byte>(4096);
        var session = new RtmpSession(output, arena, Limits, new Random(1));
        var flv = new FlvToFrames(new ReleasingSink(), arena);
        var handshake = new ReadOnlySequence<byte>((byte[])[3, .. new byte[2 * 1536]]);
        session.TryRead(ref handshake, out _);

        var (messages, sum, last) = (0, 0L, 0u);
        byte[] unread = [];
        foreach (var part in (byte[][])[bytes[..cut], bytes[cut..]])
        {
            byte[] all = [.. unread, .. part];
            var buffer = new ReadOnlySequence<byte>(all);
            while (session.TryRead(ref buffer, out var message))
            {
                Holds.That(message.Payload.Length <= Limits.MaxMessageBytes, "A message is longer than the limit.");
                var isMedia = message.Kind is RtmpMessageKind.Video or RtmpMessageKind.Audio or RtmpMessageKind.Data;
                Holds.That(!isMedia || session.IsPublishing, "Media without a publication.");
                (messages, last) = (messages + 1, message.Timestamp);
                foreach (var value in message.Payload.Span)
                {
                    sum = sum * 31 + value;
                }

                Take(session, flv, message);
            }

            unread = buffer.ToArray();
        }

        Holds.That(session.PendingBytes <= Limits.MaxPendingBytes, "More is pending than the limit.");
        Holds.That(unread.Length <= 32 || session.End != RtmpEnd.None, "Bytes were left although they could have been taken.");
        var end = session.End;
        session.Dispose();
        arena.Dispose();
        Holds.That(Pool.SlabsInUse == 0, "Frame memory was kept.");
        return (end, messages, sum, last);
    }

    static void Take(RtmpSession session, FlvToFrames flv, RtmpMessage message)
    {
        switch (message.Kind)
        {
            case RtmpMessageKind.Publish when message.Publish!.StreamName.StartsWith("no", StringComparison.Ordinal):
                session.RefusePublish("No.");
                break;
            case RtmpMessageKind.Publish:
                session.AcceptPublish();
                break;
            case RtmpMessageKind.Play when message.Play!.StreamName.StartsWith("no", StringComparison.Ordinal):
                session.RefusePlay("NetStream.Play.StreamNotFound", "No.");
                break;
            case RtmpMessageKind.Play:
                session.AcceptPlay();
                Holds.That(session.IsPlaying && !session.IsPublishing, "A connection plays or publishes.");
                break;
            case RtmpMessageKind.EndPlay:
                Holds.That(!session.IsPlaying, "A play that was ended goes on.");
                break;
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
