namespace Tributary.Grains.ServerNodes;

/// <summary>Whether this process takes new work. Everything that gives it work asks here first.</summary>
public sealed class NodeDrain
{
    volatile bool _draining;

    public bool IsDraining => _draining;

    /// <summary>Called after <see cref="IsDraining"/> changed.</summary>
    public event Action? Changed;

    /// <summary>False where it was so already.</summary>
    public bool Set(bool draining)
    {
        if (_draining == draining)
        {
            return false;
        }

        _draining = draining;
        Changed?.Invoke();
        return true;
    }
}

/// <summary>What one kind of work still keeps a draining node.</summary>
/// <param name="Moving">Is on its way to another node, or can be.</param>
/// <param name="Staying">Nobody else can take it over.</param>
public readonly record struct WorkLeft(int Moving, int Staying)
{
    public static WorkLeft operator +(WorkLeft one, WorkLeft other) => new(one.Moving + other.Moving, one.Staying + other.Staying);
}

/// <summary>A kind of work that a draining node hands over: sources, pulls, viewers.</summary>
public interface IDrainedWork
{
    /// <summary>Moves what can be moved, and counts what is still here. Asked several times a second while the node drains.</summary>
    Task<WorkLeft> HandOver(CancellationToken cancellation);

    /// <summary>The deadline is over: ends what is left, with a word to the other side.</summary>
    Task End();
}
