using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>
/// The network between processes. Each silo sends to another over one connection of its own, so messages of a pair keep their order; a client has one connection
/// to every gateway, for both directions. A request that cannot be delivered is answered with a rejection at once; a response or a one-way message is lost.
/// </summary>
abstract partial class TcpLink(ClusterIdentity cluster, ConnectionOptions options, MessagingOptions messaging, Surroundings around, ILogger log) : IMessageLink
{
    public ILogger Log => log;

    public Surroundings Around => around;

    public int LongestFrame => messaging.MaxMessageBodySize;

    protected ClusterIdentity Cluster => cluster;

    protected ConnectionOptions Options => options;

    protected Node Node { get; private set; } = null!;

    protected WireCodec Codec { get; private set; } = null!;

    /// <summary>Who answered for a grain, and whether the grain lives there: the note here of where it lives may be wrong.</summary>
    public Action<GrainId, SiloAddress, bool>? Answered { get; set; }

    public void Attach(Node node)
    {
        Node = node;
        Codec = new WireCodec(node);
    }

    public void Send(Message message)
    {
        if (message.Target!.Equals(Node.Address))
        {
            Node.Receive(message);
            return;
        }

        if (message.Kind == MessageKind.Response && Node is Silo silo)
        {
            message.IsPlaced = silo.Catalog.Find(message.SenderGrain) is not null;
        }

        if (TryGiveBack(message))
        {
            return;
        }

        if (TryEncode(message) is { } frame)
        {
            var passed = message.Sender.Equals(Node.Address) ? null : HeaderOf(message);
            if (!TryRoute(message.Target, message.Gateway, frame, message.Kind, passed) && message.Kind == MessageKind.Request)
            {
                Undelivered(message);
            }
        }
    }

    // A request that came from a silo and is not for a grain here goes back there: that silo knows who waits for the answer, and no third one must stay for it.
    bool TryGiveBack(Message message)
    {
        if (message is not { Kind: MessageKind.Request, ReceivedFrom: { } from, Target: { } target } || target.IsClient)
        {
            return false;
        }

        (message.Redirect, message.Target, message.ReceivedFrom) = (target, from, null);
        if (TryEncode(message) is { } frame && TryRoute(from, null, frame, MessageKind.Response, null))
        {
            return true;
        }

        (message.Redirect, message.Target) = (null, target);
        return false;
    }

    byte[]? TryEncode(Message message)
    {
        try
        {
            var frame = Frames.Seal(WireCodec.Encode(message, Frames.HeaderLength), FrameType.Message);
            if (frame.Length > LongestFrame)
            {
                throw new Serialization.SerializerException($"{message} is {frame.Length} bytes long; the limit is {LongestFrame}.");
            }

            return frame;
        }
        catch (Exception exception)
        {
            Unwritable(message, exception);
            return null;
        }
    }

    /// <summary>A request of which nothing was sent.</summary>
    protected virtual void Undelivered(Message message) =>
        Node.Respond(message, null, new SiloUnavailableException($"There is no connection to {message.Target} for {message}"));

    protected abstract bool TryRoute(SiloAddress target, SiloAddress? gateway, byte[] frame, MessageKind kind, WireHeader? passed);

    void Unwritable(Message message, Exception exception)
    {
        if (message.Kind == MessageKind.Request)
        {
            Node.Respond(message, null, exception);
        }
        else if (message is { Kind: MessageKind.Response, Error: null or not Serialization.SerializerException })
        {
            SendBack(HeaderOf(message) with { Sender = message.Target!, SenderGrain = message.TargetGrain, TargetGrain = message.SenderGrain },
                new Serialization.SerializerException($"The result cannot be written: {exception.Message}"));
        }
        else
        {
            LogUnwritable(log, exception);
        }
    }

    static WireHeader HeaderOf(Message message) => new(
        message.Kind, message.Id, message.Sender, message.SenderGrain, message.Target!, message.TargetGrain, message.Via, message.Gateway, message.Redirect, message.IsPlaced,
        message.ForwardCount, "");

    [LoggerMessage(LogLevel.Warning, "A message cannot be written")]
    static partial void LogUnwritable(ILogger log, Exception exception);
}
