using Microsoft.Extensions.Logging;
using Tributary.Grains.ServerNodes;

namespace Tributary.Grains.Recordings;

// Which node keeps the stream: looked after, chosen, and told.
public sealed partial class RecordingGrain
{
    // A recorder reports every second: without a word for this long it is told again, as its node may have been started anew.
    static readonly TimeSpan Unheard = TimeSpan.FromSeconds(3);

    async Task LookAfterNode()
    {
        var nodes = await directory.List();
        var node = nodes.FirstOrDefault(known => known.Name == Stored.Node);
        if (node is not { State: NodeState.Active })
        {
            await Move(nodes, Stored.Node.Length == 0 ? "first choice" : $"node {Stored.Node} is {node?.State.ToString() ?? "unknown"}");
        }
        else if (time.GetElapsedTime(_heard) > Unheard)
        {
            _heard = time.GetTimestamp();
            await Tell(Stored.Node, Assignment());
        }
    }

    async Task Move(IReadOnlyList<NodeDescription> nodes, string why)
    {
        if (Choose(nodes, Stored.Node) is { } next)
        {
            await Assign(why, next, Stored.Node);
        }
    }

    // A silo writes. The one that receives the frames anyway does it for less.
    static string? Choose(IReadOnlyList<NodeDescription> nodes, string except)
    {
        var silos = nodes.Where(node => node.State == NodeState.Active && node.Has("silo") && node.Name != except).ToArray();
        return (silos.FirstOrDefault(node => node.Has("ingest")) ?? NodeDirectory.LeastBusy(silos, "silo"))?.Name;
    }

    async Task Assign(string why, string node, string former = "")
    {
        node = node.Length > 0 ? node : Choose(await directory.List(), "") ?? "";
        Stored.Epoch++;
        (Stored.Node, _heard, _report) = (node, time.GetTimestamp(), null);
        if (Rewind > TimeSpan.Zero && node.Length > 0)
        {
            Stored.RewindNodes = [.. Stored.RewindNodes.Where(other => other != node).Prepend(node).Take(8)];
        }

        await state.WriteStateAsync();
        LogAssigned(Stream, node.Length > 0 ? node : "none", why, Stored.Entry, Stored.Epoch);
        if (node.Length > 0)
        {
            await Tell(node, Assignment());
        }

        if (former.Length > 0 && former != node)
        {
            await Tell(former, Assignment() with { Entry = "", Rewind = TimeSpan.Zero });
        }
    }

    RecordingAssignment Assignment() => new()
    {
        Stream = Stream, Epoch = Stored.Epoch, Entry = Stored.IsRecording ? Stored.Entry : "", Rewind = Rewind, FromMsn = Stored.NextMsn,
    };

    async Task Tell(string node, RecordingAssignment assignment)
    {
        try
        {
            await GrainFactory.GetGrain<IServerNodeGrain>(node).Record(assignment).WaitAsync(Patience, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUntold(Stream, node, exception.Message);   // told again while it does not report
        }
    }

    [LoggerMessage(LogLevel.Information, "Stream {Stream} is kept by node {Node} ({Why}), entry '{Entry}', epoch {Epoch}")]
    partial void LogAssigned(string stream, string node, string why, string entry, long epoch);

    [LoggerMessage(LogLevel.Warning, "Recording of stream {Stream}: node {Node} could not be told: {Why}")]
    partial void LogUntold(string stream, string node, string why);
}
