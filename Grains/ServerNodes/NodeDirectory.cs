namespace Tributary.Grains.ServerNodes;

/// <summary>
/// The list of nodes as this process last heard it, for choosing among them: however often it is read, the catalog is asked once a second. While the
/// cluster does not answer, what was known goes on being used.
/// </summary>
public sealed class NodeDirectory(IGrainFactory grains, TimeProvider time)
{
    static readonly TimeSpan Age = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    readonly Lock _gate = new();
    NodeDescription[] _known = [];
    Task _asking = Task.CompletedTask;
    long _askedAt;
    bool _asked;

    /// <summary>What is known, without waiting; asks anew in the background where that is older than a second.</summary>
    public IReadOnlyList<NodeDescription> Known
    {
        get
        {
            Refresh();
            return Volatile.Read(ref _known);
        }
    }

    /// <summary>What is known, asked anew before the answer where it is older than a second.</summary>
    public async Task<IReadOnlyList<NodeDescription>> List()
    {
        await Refresh();
        return Volatile.Read(ref _known);
    }

    /// <summary>The least busy active node of a role, other than <paramref name="except"/>; null where there is none.</summary>
    public static NodeDescription? LeastBusy(IEnumerable<NodeDescription> nodes, string role, params string[] except) => nodes
        .Where(node => node.State == NodeState.Active && node.Has(role) && !except.Contains(node.Name))
        .OrderBy(node => node.Busyness).ThenBy(node => node.Name, StringComparer.Ordinal).FirstOrDefault();

    Task Refresh()
    {
        lock (_gate)
        {
            if (_asking.IsCompleted && (!_asked || time.GetElapsedTime(_askedAt) >= Age))
            {
                (_asked, _askedAt) = (true, time.GetTimestamp());
                _asking = Task.Run(Ask);   // on no grain's scheduler: whoever asks first answers for all
            }

            return _asking;
        }
    }

    async Task Ask()
    {
        try
        {
            Volatile.Write(ref _known, await grains.GetGrain<INodeCatalogGrain>(0).List().WaitAsync(Patience, time));
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            // What was known serves until the next question.
        }
    }
}
