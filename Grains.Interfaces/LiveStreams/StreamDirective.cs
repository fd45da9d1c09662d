namespace Tributary.Grains.LiveStreams;

/// <summary>A gateway's interest in a stream.</summary>
[GenerateSerializer, Immutable, Alias("tributary.gateway-registration")]
public sealed record GatewayRegistration
{
    /// <summary>Renewed this often, a registration never lapses.</summary>
    public static readonly TimeSpan Renewal = TimeSpan.FromSeconds(60);

    // A stream without a frame: its grain may have been activated anew, and tell only those whom it knows of another source.
    static readonly TimeSpan Starved = TimeSpan.FromSeconds(3), LongStarved = TimeSpan.FromSeconds(30), RenewalWhileLongStarved = TimeSpan.FromSeconds(15);

    /// <summary>How long after a registration the next one is due, for a gateway that got no frame of the stream for <paramref name="silence"/>.</summary>
    public static TimeSpan RenewalAfter(TimeSpan silence) => silence < Starved ? Renewal : silence < LongStarved ? Starved : RenewalWhileLongStarved;

    /// <summary>A registration that is not renewed lapses after this long.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(120);

    /// <summary>Name of the gateway's server node; what else follows the stream there adds a slash and a word of its own.</summary>
    [Id(0)] public required string Gateway { get; init; }

    /// <summary>The server node of a registration.</summary>
    public static string NodeOf(string gateway) => gateway.Split('/')[0];

    /// <summary>Whether players get what it lists as it comes. What else follows the stream (a recorder) lets the later source's copy of a number count.</summary>
    public static bool IsOfPlayers(string gateway) => !gateway.Contains('/');

    [Id(1)] public int Viewers { get; init; }

    /// <summary>The node whose frames the gateway cannot reach any more; empty where all is well.</summary>
    [Id(2)] public string LostNode { get; init; } = "";
}

/// <summary>Where the frames of a stream come from now. The one with the higher epoch, then the higher version, is the newer.</summary>
[GenerateSerializer, Immutable, Alias("tributary.stream-directive")]
public sealed record StreamDirective
{
    [Id(0)] public required StreamState State { get; init; }

    [Id(1)] public required long Epoch { get; init; }

    /// <summary>Rises with every directive, over all activations of the stream's grain.</summary>
    [Id(2)] public required long Version { get; init; }

    /// <summary>The node that publishes the frames; empty where no source is on air.</summary>
    [Id(3)] public string Node { get; init; } = "";

    /// <summary>Where that node's frame link listens.</summary>
    [Id(4)] public string FrameLink { get; init; } = "";

    /// <summary>Renditions beyond the first that were published since the entry went on air: each is a stream of its own (<see cref="RenditionName"/>).</summary>
    [Id(5)] public int[] Renditions { get; init; } = [];
}
