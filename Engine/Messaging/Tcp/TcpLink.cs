using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>
/// The network between processes. Each silo sends to another over one connection of its own, so messages of a pair keep their order; a client has one connection
/// to every gateway, for both directions. A request that cannot be delivered is answered with a rejection at once; a response or a one-way message is lost.
/// </summary>
abstract partial class TcpLink(ClusterIdentity cluster, ConnectionOptions options, MessagingOptions messaging, Surroundings around, ILogger log) : IMessageLink
{
    readonly ConcurrentDictionary<SiloAddress, TcpPeer> _peers = new();
    readonly ConcurrentDictionary<SiloAddress, long> _failed = new();

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

    // The other end of that.
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

    public async Task<IConnection> Dial(SiloAddress silo, IPEndPoint endpoint, ConnectionPurpose purpose)
    {
        using var limit = new CancellationTokenSource(options.OpenConnectionTimeout, around.Time);
        return await around.Transport.Dial(new Dialling(cluster, Node.Address, silo, endpoint, purpose, Node.ClientId.Key.ToString()!), limit.Token);
    }

    public virtual void PeerOpened(TcpPeer peer) => _failed.TryRemove(peer.Silo, out _);

    /// <summary>A peer is gone; <paramref name="unsent"/> are the frames that waited for a connection which never came to be.</summary>
    public virtual void PeerLost(TcpPeer peer, string reason, IReadOnlyList<byte[]> unsent)
    {
        _failed[peer.Silo] = around.Time.GetTimestamp();
        _peers.TryRemove(KeyValuePair.Create(peer.Silo, peer));
        foreach (var frame in unsent.Where(f => Frames.TypeOf(f) == FrameType.Message))
        {
            TakeUnsent(peer, frame);
        }

        Node.Calls.SiloDied(peer.Silo);
        foreach (var request in peer.Passed)
        {
            SendBack(request, new SiloUnavailableException($"The connection to {peer.Silo} was lost: {reason}"));
        }
    }

    // A request of which nothing was sent: another way may do, or the place where its grain is to be by now.
    void TakeUnsent(TcpPeer peer, byte[] frame)
    {
        var reader = new WireReader(frame.AsSpan(Frames.HeaderLength));
        var header = WireCodec.ReadHeader(ref reader);
        if (header.Kind != MessageKind.Request)
        {
            return;
        }

        peer.Answered(header.Sender, header.Id);
        try
        {
            if ((header.Sender.Equals(Node.Address) ? Node.Calls.RequestOf(header.Id) : Codec.Decode(header, reader, null)) is { } message)
            {
                Undelivered(message);
            }
        }
        catch (Exception exception)
        {
            Unreadable(header, exception);
        }
    }

    /// <summary>True for a silo that takes no requests any more.</summary>
    public virtual bool HasLeft(SiloAddress silo) => false;

    public virtual void Received(TcpPeer peer, FrameType type, ReadOnlySequence<byte> payload)
    {
        if (type == FrameType.Message)
        {
            ReceiveMessage(payload);
        }
    }

    /// <summary>Forgets the way to a silo that is dead; calls under way there fail.</summary>
    public void Drop(SiloAddress silo, string reason)
    {
        if (_peers.TryGetValue(silo, out var peer))
        {
            peer.Close(reason);
        }
    }

    public void ExpirePassed()
    {
        foreach (var peer in _peers.Values)
        {
            peer.Expire(messaging.ResponseTimeout * 2);
        }
    }

    public virtual void Close(string reason)
    {
        foreach (var peer in _peers.Values)
        {
            peer.Finish();
        }
    }

    protected IEnumerable<TcpPeer> Peers => _peers.Values;

    protected TcpPeer? TryPeer(SiloAddress silo) => _peers.GetValueOrDefault(silo);

    protected TcpPeer PeerFor(SiloAddress silo, IPEndPoint endpoint, ConnectionPurpose purpose) =>
        _peers.GetOrAdd(silo, static (s, a) => new TcpPeer(a.link, s, a.endpoint, a.purpose), (link: this, endpoint, purpose));

    /// <summary>True when a connection could not be opened just now: it is not tried again at once.</summary>
    protected bool HasFailedLately(SiloAddress silo) =>
        !_peers.ContainsKey(silo) && _failed.TryGetValue(silo, out var at) && around.Time.GetElapsedTime(at) < options.ConnectionRetryDelay;

    protected virtual void Learn(WireHeader header) { }

    protected abstract bool TryRoute(SiloAddress target, SiloAddress? gateway, byte[] frame, MessageKind kind, WireHeader? passed);

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

    [LoggerMessage(LogLevel.Warning, "A message from {Sender} ({Call}) cannot be read")]
    static partial void LogUnreadable(ILogger log, Exception exception, SiloAddress sender, string call);

    [LoggerMessage(LogLevel.Warning, "A message cannot be written")]
    static partial void LogUnwritable(ILogger log, Exception exception);
}
