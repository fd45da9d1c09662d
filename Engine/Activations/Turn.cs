namespace Orleans.Runtime;

/// <summary>A piece of work for one activation that waits for its place: a call, or a tick of a timer.</summary>
abstract class Turn
{
    /// <summary>May run between the turns of anything else.</summary>
    public abstract bool IsAlwaysInterleave { get; }

    /// <summary>May run between the turns of other read-only work.</summary>
    public abstract bool IsReadOnly { get; }

    /// <summary>The call chain that it belongs to, if that may come back to a grain.</summary>
    public abstract Guid ReentrancyId { get; }

    /// <summary>Resets the idle time of the activation.</summary>
    public abstract bool CountsAsUse { get; }

    /// <summary>The activation that has started it.</summary>
    public Activation? RunBy { get; set; }

    public abstract ValueTask Run(Activation activation);

    /// <summary>The activation ended before the work was started.</summary>
    public abstract void Abandon(Activation activation);
}
