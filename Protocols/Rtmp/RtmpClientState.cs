namespace Tributary.Protocols.Rtmp;

/// <summary>How far a client has come.</summary>
public enum RtmpClientState : byte
{
    Handshaking,
    Connecting,
    CreatingStream,

    /// <summary>Publish or play was asked for.</summary>
    Asking,

    /// <summary>The server said yes: media may be sent, or comes.</summary>
    OnAir,

    /// <summary>Over; <see cref="RtmpClient.End"/> and <see cref="RtmpClient.Refusal"/> say why.</summary>
    Ended,
}
