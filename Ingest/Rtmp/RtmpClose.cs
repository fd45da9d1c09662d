namespace Tributary.Ingest.Rtmp;

/// <summary>Why an RTMP connection ended, as far as the connection itself decides it; the label of its metric.</summary>
public enum RtmpClose
{
    /// <summary>The encoder said good-bye.</summary>
    Unpublished,

    /// <summary>The encoder closed the connection without a word.</summary>
    PeerClosed,

    /// <summary>The network broke the connection.</summary>
    ConnectionLost,

    /// <summary>It broke the protocol or a limit of it.</summary>
    Protocol,

    /// <summary>The handshake took too long.</summary>
    HandshakeTimeout,

    /// <summary>Nothing was published in time.</summary>
    PublishTimeout,

    /// <summary>A publishing encoder sent nothing for too long.</summary>
    IdleTimeout,

    /// <summary>Its URL names nothing that may be published.</summary>
    BadUrl,

    /// <summary>It was not admitted.</summary>
    Refused,

    /// <summary>The cluster ended the session.</summary>
    EndedByServer,

    /// <summary>It is no encoder: it plays, and goes on as a viewer.</summary>
    Plays,

    /// <summary>The node stops.</summary>
    NodeStopping,

    /// <summary>Too many connections, or too many from its address.</summary>
    TooManyConnections,
}
