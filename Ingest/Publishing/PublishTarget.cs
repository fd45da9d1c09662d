using System.Net;
using Tributary.Grains.LiveStreams;

namespace Tributary.Ingest.Publishing;

/// <summary>What an encoder asks for, as its protocol's front door understood it.</summary>
/// <param name="StreamName">A name of the allow-list.</param>
/// <param name="Slot">0 primary, 1 backup.</param>
/// <param name="Key">The credential that it gave, if any. Never logged.</param>
/// <param name="Protocol">For people: <c>rtmp</c>, <c>rtmps</c> …</param>
/// <param name="Remote">Where it comes from.</param>
public sealed record PublishTarget(string StreamName, int Slot, string? Key, string Protocol, IPEndPoint Remote)
{
    /// <summary>The cluster itself fetches it from another server: no key is asked for.</summary>
    public bool Pulled { get; init; }

    /// <summary>The query with which it came; may hold secrets. Never logged.</summary>
    public string Query { get; init; } = "";

    /// <summary>The URL of the server as it knows it; may hold secrets. Never logged.</summary>
    public string TcUrl { get; init; } = "";

    /// <summary>What it calls itself.</summary>
    public string Agent { get; init; } = "";

    /// <summary>Where it connected: <c>live</c>, <c>kLive</c>.</summary>
    public string Application { get; init; } = "";

    /// <summary>The partner of the platform that it names; 0: none.</summary>
    public int Partner { get; init; }

    /// <summary>Which rendition of the stream; 0 where the front door leaves that to the stream's name (<see cref="PublishOptions.Renditions"/>).</summary>
    public int Rendition { get; init; }

    /// <summary>The stream that carries the rendition. Who may publish is decided for the stream, whichever rendition it is.</summary>
    public string Carrier => RenditionName.StreamOf(StreamName, Math.Max(Rendition, RenditionName.First));

    public override string ToString() => $"{Protocol} {Remote} as '{StreamName}' slot {Slot}";
}

/// <summary>A session, and what its encoder is to know where it has to wait; or why there is none.</summary>
public readonly record struct PublishResult(PublishSession? Session, PublishRefusalReason Reason, string Sentence)
{
    /// <summary>Where to publish instead; empty where nowhere is better.</summary>
    public string Redirect { get; init; } = "";

    public static PublishResult Refused(PublishRefusalReason reason, string sentence) => new(null, reason, sentence);
}
