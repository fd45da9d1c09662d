namespace Tributary.Grains.Pulls;

/// <summary>What must survive: what is wanted, and who was told.</summary>
[GenerateSerializer, Alias("tributary.pull-grain-state")]
public sealed class PullGrainState
{
    /// <summary>Null: nothing is pulled.</summary>
    [Id(0)] public PullSource? Source { get; set; }

    [Id(1)] public string Primary { get; set; } = "";

    [Id(2)] public string Backup { get; set; } = "";

    /// <summary>The node that the pull is being moved away from.</summary>
    [Id(3)] public string Leaving { get; set; } = "";

    [Id(4)] public long Epoch { get; set; }

    [Id(5)] public int Slot { get; set; }

    [Id(6)] public DateTimeOffset Since { get; set; }

    [Id(7)] public string Why { get; set; } = "";
}
