namespace Tributary.Grains.Access;

/// <summary>Who may play a stream, and with what it is published.</summary>
[GenerateSerializer, Alias("tributary.access-mode")]
public enum AccessMode
{
    /// <summary>Everybody plays it; it is published as the section Publish says.</summary>
    Public,

    /// <summary>It is played with a token, and published with a key or a token, also from this machine.</summary>
    Protected,

    /// <summary>As Protected; moreover no list shows it, and who may not play it hears that it is not on air.</summary>
    Private,
}

/// <summary>What an operator decided for one stream; it stands above every rule of the configuration.</summary>
[GenerateSerializer, Immutable, Alias("tributary.stream-access")]
public sealed record StreamAccess
{
    [Id(0)] public required string Stream { get; init; }

    [Id(1)] public required AccessMode Mode { get; init; }

    /// <summary>SHA-256, in hex, of the key with which it is published; empty: it has none of its own. The key itself is kept nowhere.</summary>
    [Id(2)] public string KeyHash { get; init; } = "";

    /// <summary>Addresses and networks (CIDR) from which it is played; empty: from everywhere.</summary>
    [Id(3)] public string[] PlayFrom { get; init; } = [];

    /// <summary>Those from which it is not.</summary>
    [Id(4)] public string[] PlayNotFrom { get; init; } = [];

    /// <summary>Those from which it is published; empty: from everywhere.</summary>
    [Id(5)] public string[] PublishFrom { get; init; } = [];

    /// <summary>Those from which it is not.</summary>
    [Id(6)] public string[] PublishNotFrom { get; init; } = [];
}

/// <summary>Everything that operators decided about access.</summary>
[GenerateSerializer, Immutable, Alias("tributary.access-list")]
public sealed record AccessList
{
    /// <summary>Rises with every change.</summary>
    [Id(0)] public required long Version { get; init; }

    [Id(1)] public StreamAccess[] Streams { get; init; } = [];
}
