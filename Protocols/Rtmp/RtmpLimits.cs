using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>
/// How much one RTMP peer may ask for. Each limit that is passed ends the session with a reason of its own (<see cref="RtmpEnd"/>).
/// </summary>
public sealed record RtmpLimits
{
    public static RtmpLimits Default { get; } = new();

    /// <summary>Bytes of one message once something is being published: a key frame of a 4K stream at 100 Mb/s has a third of it.</summary>
    public int MaxMessageBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>
    /// Bytes of one message, and half of all that unfinished messages may hold, before anything is published: commands only, so that a
    /// stranger cannot make the server hold more.
    /// </summary>
    public int MaxCommandBytes { get; init; } = 64 * 1024;

    /// <summary>Chunk streams of one connection. Encoders use four or five of the 65,597 that the protocol has.</summary>
    public int MaxChunkStreams { get; init; } = 64;

    /// <summary>Bytes held for messages of which only a part has arrived, over all chunk streams.</summary>
    public int MaxPendingBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Message streams that one connection may create.</summary>
    public int MaxMessageStreams { get; init; } = 16;

    /// <summary>Commands of one connection in its life. An encoder sends about ten; a peer that only talks is shown out.</summary>
    public int MaxCommands { get; init; } = 10_000;

    /// <summary>Bytes that may arrive between two acknowledgements, as told to the peer.</summary>
    public int WindowBytes { get; init; } = 2_500_000;

    public AmfLimits Amf { get; init; } = AmfLimits.Default;
}
