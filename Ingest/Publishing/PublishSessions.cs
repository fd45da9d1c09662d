using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;

namespace Tributary.Ingest.Publishing;

/// <summary>The sessions of this node, and how they leave it when it drains: a stream with another source elsewhere goes on from there.</summary>
public sealed partial class PublishSessions(IGrainFactory grains, NodeIdentity node, TimeProvider time, ILogger<PublishSessions> log) : IDrainedWork
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    readonly ConcurrentDictionary<PublishSession, bool> _sessions = new();

    internal void Add(PublishSession session)
    {
        _sessions[session] = true;
        session.Ended.UnsafeRegister(_ => _sessions.TryRemove(session, out bool _), null);
    }

    public async Task<WorkLeft> HandOver(CancellationToken cancellation)
    {
        var left = await Task.WhenAll(_sessions.Keys.Select(session => HandOver(session, cancellation)));
        return left.Aggregate(default(WorkLeft), (sum, one) => sum + one);
    }

    public async Task End()
    {
        foreach (var session in _sessions.Keys)
        {
            await session.Revoked(0, PublishEnd.NodeStopping, goesOn: false);
        }
    }

    async Task<WorkLeft> HandOver(PublishSession session, CancellationToken cancellation)
    {
        try
        {
            switch (await grains.GetGrain<ILiveStreamGrain>(session.StreamName).Vacate(node.Name).WaitAsync(Patience, time, cancellation))
            {
                case Vacancy.Moving:
                    return new WorkLeft(1, 0);
                case Vacancy.Staying:
                    return new WorkLeft(0, 1);
                default:
                    // Another source is on air, and cuts from where this one ended: nobody sees it go.
                    LogHandedOver(session.StreamName);
                    await session.Revoked(0, PublishEnd.NodeStopping, goesOn: true);
                    return new WorkLeft(1, 0);
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUnanswered(session.StreamName, exception.Message);
            return new WorkLeft(1, 0);
        }
    }

    [LoggerMessage(LogLevel.Information, "Stream {Stream} is handed over: the source of another node is on air")]
    partial void LogHandedOver(string stream);

    [LoggerMessage(LogLevel.Warning, "Stream {Stream} cannot be handed over yet, its grain does not answer: {Why}")]
    partial void LogUnanswered(string stream, string why);
}
