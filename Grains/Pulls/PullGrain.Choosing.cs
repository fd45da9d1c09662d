using Microsoft.Extensions.Logging;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Pulls;

// Which node pulls, and which would next: chosen, told, and moved away from.
public sealed partial class PullGrain
{
    async Task Choose(IReadOnlyList<NodeDescription> nodes)
    {
        var primary = nodes.FirstOrDefault(node => node.Name == Stored.Primary);
        switch (primary?.State)
        {
            case NodeState.Active:
                break;
            case NodeState.Draining when Stored.Leaving.Length == 0:
                await Move(nodes, $"node {Stored.Primary} drains", leaves: true);
                break;
            case NodeState.Draining:
                break;   // the node that it was moved to drains as well; the first one to be stopped ends it
            default:
                await Move(nodes, Stored.Primary.Length == 0 ? "first choice" : $"node {Stored.Primary} is {primary?.State.ToString() ?? "unknown"}", leaves: false);
                break;
        }

        var backup = nodes.FirstOrDefault(node => node.Name == Stored.Backup);
        if (backup is not { State: NodeState.Active } || backup.Name == Stored.Primary)
        {
            var next = NodeDirectory.LeastBusy(nodes, "ingest", Stored.Primary)?.Name ?? "";
            if (next != Stored.Backup)
            {
                Stored.Backup = next;
                await state.WriteStateAsync();
            }
        }
    }

    async Task Move(IReadOnlyList<NodeDescription> nodes, string why, bool leaves)
    {
        var backup = nodes.FirstOrDefault(node => node.Name == Stored.Backup && node.State == NodeState.Active && node.Name != Stored.Primary);
        if ((backup ?? NodeDirectory.LeastBusy(nodes, "ingest", Stored.Primary)) is not { } next)
        {
            return;
        }

        if (leaves && !await ExpectSuccessor(next.Name))
        {
            return;   // asked again with the next look
        }

        Stored.Leaving = leaves ? Stored.Primary : "";
        (Stored.Primary, Stored.Why, Stored.Since, _report) = (next.Name, why, time.GetUtcNow(), null);
        Stored.Epoch++;
        await state.WriteStateAsync();
        LogMoved(Name, next.Name, why, Stored.Epoch);
        _heard = time.GetTimestamp();
        await Tell(next.Name, Stored.Source);
    }

    // The next node starts in the place of this one, which goes on meanwhile.
    async Task<bool> ExpectSuccessor(string node)
    {
        try
        {
            await Stream.ExpectSuccessor(Stored.Slot, node).WaitAsync(Patience, time);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUntold(Name, node, exception.Message);
            return false;
        }
    }

    // Whether the node that is left is out of the slot: then nobody misses its frames.
    async Task<bool> HasMovedFrom(string node)
    {
        try
        {
            var slots = (await Stream.Describe().WaitAsync(Patience, time)).Slots;
            return !slots.Any(slot => slot.Slot == Stored.Slot && slot.Request.Node == node);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUnmoved(Name, exception.Message);
            return false;   // asked again with the next report
        }
    }

    async Task Tell(string node, PullSource? source)
    {
        try
        {
            var assignment = new PullAssignment { Name = Name, Epoch = Stored.Epoch, Slot = Stored.Slot, Source = source };
            await GrainFactory.GetGrain<IServerNodeGrain>(node).Pull(assignment).WaitAsync(Patience, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUntold(Name, node, exception.Message);   // told again while it does not report
        }
    }

    [LoggerMessage(LogLevel.Information, "Pull {Name} goes to node {Node} ({Why}), epoch {Epoch}")]
    partial void LogMoved(string name, string node, string why, long epoch);

    [LoggerMessage(LogLevel.Warning, "Pull {Name}: its stream does not say whether it has moved: {Why}")]
    partial void LogUnmoved(string name, string why);

    [LoggerMessage(LogLevel.Warning, "Pull {Name}: node {Node} could not be told: {Why}")]
    partial void LogUntold(string name, string node, string why);
}
