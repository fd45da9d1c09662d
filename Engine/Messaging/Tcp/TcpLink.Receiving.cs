using System.Buffers;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// What comes over the network: for this node, to be passed on, or given back.
abstract partial class TcpLink
{
    public virtual void Received(TcpPeer peer, FrameType type, ReadOnlySequence<byte> payload)
    {
        if (type == FrameType.Message)
        {
            ReceiveMessage(payload);
        }
    }

    protected virtual void Learn(WireHeader header) { }

    /// <summary>
    /// A message that came over the network; <paramref name="client"/> is set when it came from a client of this gateway, <paramref name="silo"/> when it came over
    /// another silo's connection. Returns its kind.
    /// </summary>
    protected MessageKind ReceiveMessage(ReadOnlySequence<byte> payload, SiloAddress? client = null, SiloAddress? silo = null)
    {
        var bytes = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        var reader = new WireReader(bytes);
        var header = WireCodec.ReadHeader(ref reader);
        Learn(header);
        if (header.Kind == MessageKind.Response)
        {
            TryPeer(header.Sender)?.Answered(header.Target, header.Id);
            Answered?.Invoke(header.SenderGrain, header.Sender, header.IsPlaced);
        }

        if (!header.Target.Equals(Node.Address))
        {
            PassOn(header, bytes);
            return header.Kind;
        }

        Message message;
        try
        {
            if (header.Redirect is not null && silo is not null)
            {
                TakeBack(header, reader, silo);
                return header.Kind;
            }

            var answered = header.Kind == MessageKind.Response ? Node.Calls.MethodOf(header.Id) : null;
            if (header.Kind == MessageKind.Response && answered is null)
            {
                return header.Kind;
            }

            message = Codec.Decode(header, reader, answered);
        }
        catch (Exception exception)
        {
            Unreadable(header, exception);
            return header.Kind;
        }

        message.ReceivedFrom = silo;
        if (client is not null)
        {
            message.Gateway = Node.Address;
            message.IsPlaced = false;
            message.Via = null;
        }

        Node.Receive(message);
        return header.Kind;
    }

    // A request that the other silo gave back, as it has no such grain.
    void TakeBack(WireHeader header, WireReader reader, SiloAddress from)
    {
        TryPeer(from)?.Answered(header.Sender, header.Id);
        Answered?.Invoke(header.TargetGrain, from, false);
        var message = header.Sender.Equals(Node.Address) ? Node.Calls.RequestOf(header.Id) : Codec.Decode(header, reader, null);
        if (message is not null)
        {
            (message.IsPlaced, message.Target, message.Via) = (true, header.Redirect, Node.Address);
            Send(message);
        }
    }

    // A response, or a call of an observer, that goes through this gateway to its client.
    void PassOn(WireHeader header, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[Frames.HeaderLength + payload.Length];
        payload.CopyTo(frame.AsSpan(Frames.HeaderLength));
        if (!TryRoute(header.Target, null, Frames.Seal(frame, FrameType.Message), header.Kind, header) && header.Kind == MessageKind.Request)
        {
            SendBack(header, new SiloUnavailableException($"{Node.Address} has no connection to {header.Target}."));
        }
    }

    void SendBack(WireHeader request, Exception exception) => Send(new Message(MessageKind.Response)
    {
        Id = request.Id,
        Sender = Node.Address,
        SenderGrain = request.TargetGrain,
        Target = request.Sender,
        TargetGrain = request.SenderGrain,
        Gateway = request.Gateway,
        Error = exception
    });

    // The receiver cannot read it: the caller is told.
    void Unreadable(WireHeader header, Exception exception)
    {
        LogUnreadable(log, exception, header.Sender, header.Call);
        switch (header.Kind)
        {
            case MessageKind.Response:
                Node.Calls.Complete(header.Id, null, exception);
                break;
            case MessageKind.Request:
                SendBack(header, exception is Serialization.SerializerException ? exception : new Serialization.SerializerException(exception.Message, exception));
                break;
        }
    }

    [LoggerMessage(LogLevel.Warning, "A message from {Sender} ({Call}) cannot be read")]
    static partial void LogUnreadable(ILogger log, Exception exception, SiloAddress sender, string call);
}
