using System.Buffers;
using Tributary.Media.Frames;
using Tributary.Protocols.Amf;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

/// <summary>An encoder whose every byte the test decides, and the session that it talks to. Counts what frame memory is left at the end.</summary>
sealed class ScriptedPeer : IDisposable
{
    readonly ArrayBufferWriter<byte> _replies = new();
    readonly FrameArena _arena;
    byte[] _unread = [];
    int _repliesRead;

    public ScriptedPeer(RtmpLimits? limits = null)
    {
        _arena = new FrameArena(Pool);
        Session = new RtmpSession(_replies, _arena, limits ?? RtmpLimits.Default, new Random(1));
        Chunks = new RtmpChunkWriter(Out);
    }

    public FramePool Pool { get; } = new() { Poison = true };

    public RtmpSession Session { get; }

    public ArrayBufferWriter<byte> Out { get; } = new();

    public RtmpChunkWriter Chunks { get; }

    /// <summary>The messages that the session handed out, with copies of their payloads.</summary>
    public List<(RtmpMessageKind Kind, uint Timestamp, byte[] Payload)> Messages { get; } = [];

    /// <summary>What an encoder is told that is let in.</summary>
    public string Acceptance { get; init; } = "Publishing.";

    /// <summary>How publish requests are answered; null to refuse.</summary>
    public Func<RtmpPublishRequest, string?> Refusal { get; set; } = _ => null;

    public List<RtmpPublishRequest> Requests { get; } = [];

    public byte[] Replies => _replies.WrittenSpan.ToArray();

    /// <summary>Feeds what the chunk writer has gathered.</summary>
    public void Flush(int pieces = int.MaxValue)
    {
        var bytes = Out.WrittenSpan.ToArray();
        Out.Clear();
        Feed(bytes, pieces);
    }

    public void Feed(byte[] bytes, int pieces = int.MaxValue)
    {
        foreach (var piece in bytes.Chunk(Math.Min(pieces, Math.Max(bytes.Length, 1))))
        {
            byte[] all = [.. _unread, .. piece];
            var buffer = new ReadOnlySequence<byte>(all);
            while (Session.TryRead(ref buffer, out var message))
            {
                Take(message);
            }

            _unread = buffer.ToArray();
        }
    }

    public void Handshake()
    {
        Feed([3, .. new byte[1536]]);
        Feed(new byte[1536]);
        _repliesRead = 1 + 2 * 1536;
    }

    public void Command(uint streamId, Action<Amf0Writer> write)
    {
        Chunks.Write(3, RtmpMessageType.CommandAmf0, streamId, 0, Wire.Amf(write));
        Flush();
    }

    public void Connect() => Command(0, amf => amf.String("connect").Number(1).BeginObject()
        .Property("app", "live").Property("tcUrl", "rtmp://host/live").Property("flashVer", "test").End());

    public void Publish(string name = "a")
    {
        Command(0, amf => amf.String("createStream").Number(2).Null());
        Command(1, amf => amf.String("publish").Number(3).Null().String(name).String("live"));
    }

    /// <summary>Everything up to being on the air.</summary>
    public static ScriptedPeer OnAir(RtmpLimits? limits = null)
    {
        var peer = new ScriptedPeer(limits);
        peer.Handshake();
        peer.Connect();
        peer.Publish();
        Assert.True(peer.Session.IsPublishing);
        return peer;
    }

    /// <summary>The commands among the replies so far, as text: name, transaction, and code, number or text that matter.</summary>
    public List<string> ReplyCommands()
    {
        List<string> commands = [];
        foreach (var (type, body) in ReplyMessages())
        {
            if (type == RtmpMessageType.CommandAmf0)
            {
                Assert.True(RtmpCommand.TryParse(type, body, AmfLimits.Default, out var command));
                var value = command[0];
                commands.Add($"{command.Name} {command.Transaction} {(value.HasProperties ? value["code"].String : value.ToString())}".Trim());
            }
        }

        return commands;
    }

    public List<(RtmpMessageType Type, byte[] Body)> ReplyMessages()
    {
        using var arena = new FrameArena(new FramePool());
        using var reader = new RtmpChunkReader(arena, RtmpLimits.Default);
        var buffer = new ReadOnlySequence<byte>(_replies.WrittenMemory[_repliesRead..]);
        List<(RtmpMessageType, byte[])> messages = [];
        while (reader.TryRead(ref buffer, out var message))
        {
            messages.Add((message.Type, message.Payload.Span.ToArray()));
            if (message.Type == RtmpMessageType.SetChunkSize)
            {
                Assert.True(reader.TrySetChunkSize(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(message.Payload.Span)));
            }
        }

        Assert.Equal(RtmpEnd.None, reader.End);
        Assert.True(buffer.IsEmpty);
        return messages;
    }

    public void Dispose()
    {
        Session.Dispose();
        _arena.Dispose();
        Assert.Equal(0, Pool.SlabsInUse);
    }

    void Take(RtmpMessage message)
    {
        Messages.Add((message.Kind, message.Timestamp, message.Payload.Span.ToArray()));
        message.Payload.Release();
        if (message.Kind != RtmpMessageKind.Publish)
        {
            return;
        }

        Requests.Add(message.Publish!);
        if (Refusal(message.Publish!) is { } sentence)
        {
            Session.RefusePublish(sentence);
        }
        else
        {
            Session.AcceptPublish(Acceptance);
        }
    }
}
