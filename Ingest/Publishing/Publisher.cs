using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Streams;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;
using Tributary.Media.Timeline;

namespace Tributary.Ingest.Publishing;

/// <summary>Where every protocol's encoders come in: admits or refuses them, and gives the admitted a session.</summary>
public sealed partial class Publisher(
    IGrainFactory grains,
    [FromKeyedServices(FrameStreamProvider.ProviderName)] IStreamProvider frames,
    PublishGate gate,
    PublishSessions sessions,
    NodeDrain drain,
    NodeDirectory nodes,
    IOptionsMonitor<PublishOptions> options,
    IOptions<TimelineOptions> timeline,
    NodeIdentity node,
    PublishMetrics metrics,
    TimeProvider time,
    ILogger<Publisher> log)
{
    /// <summary>
    /// Admits an encoder, or refuses it with a reason and a sentence for its user. Never throws for what the encoder or the cluster did.
    /// </summary>
    public async ValueTask<PublishResult> PublishAsync(PublishTarget target, CancellationToken cancellation)
    {
        target = RenditionPatterns.Place(target, options.CurrentValue.Renditions);   // a rendition is published with the rights of its entry
        var id = Guid.NewGuid();
        var decision = await gate.Decide(target, id, cancellation);
        if (decision.Access is { Granted: false } refusal)
        {
            return Refuse(target, PublishGate.ReasonOf(refusal.Reason), refusal.Sentence);
        }

        if (drain.IsDraining)
        {
            return await RefuseDraining(target);
        }

        if (!metrics.TryBegin(options.CurrentValue.MaxPublishers))
        {
            return Refuse(target, PublishRefusalReason.LimitReached,
                $"This node already takes {options.CurrentValue.MaxPublishers} publishers (Publish:MaxPublishers).");
        }

        var session = NewSession(target, id);
        try
        {
            var answer = await session.Begin(cancellation);
            if (answer.Outcome != PublishOutcome.Refused)
            {
                sessions.Add(session);
                gate.Began(target, session, id, decision);
                return new PublishResult(session, PublishRefusalReason.None, session.IsWaiting ? Waiting(target) : "");
            }

            metrics.Abandoned();
            return Refuse(target, answer.Reason, answer.Sentence);
        }
        catch (Exception exception)   // whatever the cluster's storage or network threw: the encoder's user gets a sentence
        {
            metrics.Abandoned();
            return Refuse(target, PublishRefusalReason.Unavailable, $"Stream '{target.StreamName}' cannot be opened now: {exception.Message}");
        }
    }

    static string Waiting(PublishTarget target) =>
        $"Stream '{target.StreamName}' is taken, and begins when the cluster can note that it does: its grains or its database do not answer now.";

    PublishSession NewSession(PublishTarget target, Guid id)
    {
        var hub = new StreamHub(
            frames.GetStream<FrameBatch>(FrameStreamHosting.FramesOf(target.Carrier)), timeline.Value, options.CurrentValue, time, metrics)
        {
            Name = $"{target.StreamName}_{Math.Max(target.Rendition, RenditionName.First)}",
        };
        var request = new PublishRequest
        {
            Session = id,
            Slot = target.Slot,
            Node = node.Name,
            FrameLink = node.FrameLink,
            Encoder = $"{target.Protocol} {target.Remote}",
            NodeRun = node.Run,
        };
        return new PublishSession(hub, grains, target.Carrier, request, options.CurrentValue, metrics, time, log);
    }

    async ValueTask<PublishResult> RefuseDraining(PublishTarget target)
    {
        var elsewhere = NodeDirectory.LeastBusy(await nodes.List(), "ingest", node.Name)?.Report?.Endpoints.GetValueOrDefault("rtmp");
        var refused = Refuse(target, PublishRefusalReason.Draining, elsewhere is null
            ? "This node is being shut down and takes no new publisher, and there is no other now: try again in a moment."
            : $"This node is being shut down and takes no new publisher: publish to {elsewhere}/live.");
        return refused with { Redirect = elsewhere is null ? "" : $"{elsewhere}/live" };
    }

    PublishResult Refuse(PublishTarget target, PublishRefusalReason reason, string sentence)
    {
        metrics.Refused(reason);
        LogRefused(target.Protocol, target.Remote.ToString(), target.StreamName, reason, sentence);
        return PublishResult.Refused(reason, sentence);
    }

    [LoggerMessage(LogLevel.Warning, "Refused {Protocol} {Remote} publishing '{Stream}': {Reason}: {Sentence}")]
    partial void LogRefused(string protocol, string remote, string stream, PublishRefusalReason reason, string sentence);
}
