namespace Tributary.Protocols.Rtmp;

/// <summary>Why an RTMP session takes no more bytes.</summary>
public enum RtmpEnd : byte
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>The first byte was not 3: another protocol, or RTMPE.</summary>
    NotRtmp,

    /// <summary>Set Chunk Size asked for 0, or for 2^31 and more.</summary>
    BadChunkSize,

    /// <summary>A chunk without the header that it builds on, or a new header within a message.</summary>
    BadChunk,

    TooManyChunkStreams,

    MessageTooLarge,

    TooManyPendingBytes,

    /// <summary>A control message that is too short.</summary>
    BadControlMessage,

    /// <summary>A command that is no AMF, or more than the AMF limits allow.</summary>
    BadCommand,

    TooManyCommands,

    TooManyMessageStreams,

    /// <summary>A command that needs a connection came before connect.</summary>
    NotConnected,

    /// <summary>A second connect, or a second publish while one is on the air.</summary>
    OutOfOrder,

    /// <summary>An aggregate message whose parts do not fit it.</summary>
    BadAggregate,

    /// <summary>The publish request was refused; the peer has been told why.</summary>
    PublishRefused,

    /// <summary>The play request was refused; the peer has been told why.</summary>
    PlayRefused,

    /// <summary>The server's answer to connect was a refusal (client side).</summary>
    ConnectRefused,

    /// <summary>The answer to our handshake does not fit it (client side).</summary>
    BadHandshake,

    /// <summary>The stream that we played ended at the server (client side).</summary>
    StreamEnded,
}

/// <summary>The sentences that people read for <see cref="RtmpEnd"/>.</summary>
public static class RtmpEndSentences
{
    public static string Sentence(this RtmpEnd end) => end switch
    {
        RtmpEnd.None => "The session goes on.",
        RtmpEnd.NotRtmp => "The peer does not speak plain RTMP: its first byte is not 3.",
        RtmpEnd.BadChunkSize => "The peer asked for a chunk size of 0 or of 2^31 and more.",
        RtmpEnd.BadChunk => "A chunk came without the header it builds on, or began a message within another.",
        RtmpEnd.TooManyChunkStreams => "The peer opened more chunk streams than allowed.",
        RtmpEnd.MessageTooLarge => "A message announced more bytes than allowed.",
        RtmpEnd.TooManyPendingBytes => "The peer left too many messages unfinished.",
        RtmpEnd.BadControlMessage => "A control message was too short.",
        RtmpEnd.BadCommand => "A command could not be read as AMF within the limits.",
        RtmpEnd.TooManyCommands => "The peer sent more commands than allowed.",
        RtmpEnd.TooManyMessageStreams => "The peer created more message streams than allowed.",
        RtmpEnd.NotConnected => "A command came before connect.",
        RtmpEnd.OutOfOrder => "A second connect or publish came on a connection that has one.",
        RtmpEnd.BadAggregate => "An aggregate message does not hold the parts it announces.",
        RtmpEnd.PublishRefused => "The publish request was refused.",
        RtmpEnd.PlayRefused => "The play request was refused.",
        RtmpEnd.ConnectRefused => "The server refused the connection.",
        RtmpEnd.BadHandshake => "The handshake was not answered as the protocol asks.",
        RtmpEnd.StreamEnded => "The stream ended at the server.",
        _ => "The session ended.",
    };
}
