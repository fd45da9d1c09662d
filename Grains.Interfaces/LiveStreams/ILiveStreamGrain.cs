using Orleans.Concurrency;

namespace Tributary.Grains.LiveStreams;

/// <summary>
/// Stands for one live stream, on air or not: its two publishing slots (0 primary, 1 backup), the lease under which one of them cuts segments,
/// the numbering that outlives every publisher and every process, and the gateways that want to know where its frames come from.
/// The key is the stream's name. No frame passes through it.
/// </summary>
[Alias("tributary.live-stream")]
public interface ILiveStreamGrain : IGrainWithStringKey
{
    /// <summary>
    /// A publisher asks to fill a slot. The answer is a lease (it is on air), standby (the other slot is on air), or a refusal with a reason.
    /// Asking again with the same session is harmless and gives the same answer.
    /// </summary>
    [Alias("publish")]
    Task<PublishAnswer> Publish(PublishRequest request, IPublisherObserver publisher);

    /// <summary>The one regular message of a publishing host: at every segment boundary, and every few seconds without one. Renews the lease.</summary>
    [Alias("report")]
    Task<ReportAnswer> Report(SourceReport report, IPublisherObserver publisher);

    /// <summary>
    /// The publisher is gone; <paramref name="last"/> is its final report. True: another source goes on where it ended. False: what it had cut is
    /// complete as it is; the stream is held, then goes off air, unless somebody publishes again.
    /// </summary>
    [Alias("unpublish")]
    Task<bool> Unpublish(SourceReport last, PublishEnd end);

    /// <summary>Puts a slot on air at the next end of a segment. Refused where its source is missing or not well.</summary>
    [Alias("switch")]
    Task<SwitchAnswer> Switch(int slot);

    /// <summary>
    /// Moves the stream to another node. Where the other slot's encoder is there, it goes on air; else the node is announced: the next publisher
    /// of the slot on air at that node is taken as its successor, goes on air at a key frame, and then the former session is ended with
    /// <see cref="PublishEnd.Transferred"/>.
    /// </summary>
    [Alias("transfer")]
    Task<SwitchAnswer> Transfer(string node);

    /// <summary>
    /// Announces that the source of <paramref name="slot"/> shall move to another node, whether it is on air or not: the next publisher of the slot
    /// there is its successor, as with <see cref="Transfer"/>. False: nobody is in the slot, or it is at that node already.
    /// </summary>
    [Alias("expect-successor")]
    Task<bool> ExpectSuccessor(int slot, string node);

    /// <summary>
    /// The node wants to be rid of the stream: a source elsewhere goes on air at the end of the segment, where there is one that is well. Ask again
    /// until the answer is <see cref="Vacancy.Vacant"/>.
    /// </summary>
    [Alias("vacate")]
    Task<Vacancy> Vacate(string node);

    /// <summary>Sends the encoders of the stream and of its renditions away, on air or not. They may come back where they are let in.</summary>
    [OneWay]
    [Alias("evict")]
    Task Evict();

    /// <summary>The encoders of the stream and of its renditions emit sync points, also those that come while the order lasts; it replaces an earlier one.</summary>
    [Alias("emit-sync-points")]
    Task EmitSyncPoints(SyncPointOrder order);

    /// <summary>Somebody lost sight of a node, by its connections or by membership: if it is on air and does not answer, its source is lost at once.</summary>
    [Alias("doubt")]
    Task Doubt(string node);

    /// <summary>A gateway registers as interested, and again before <see cref="GatewayRegistration.Lifetime"/> is over. Answers where frames come from.</summary>
    [Alias("watch")]
    Task<StreamDirective> Watch(GatewayRegistration registration, ILiveStreamObserver observer);

    [Alias("unwatch")]
    Task Unwatch(string gateway);

    /// <summary>
    /// Asked of an entry by the streams of its renditions: with every report of a source on air, and when a source would go on air there. The entry keeps
    /// the one timeline, whichever renditions are on air.
    /// </summary>
    [Alias("place-rendition")]
    Task<RenditionAnswer> PlaceRendition(RenditionReport report);

    /// <summary>It is recorded by command: from now on its recording's grain is looked after while it is on air.</summary>
    [Alias("look-after-recording")]
    Task LookAfterRecording();

    [ReadOnly]
    [Alias("describe")]
    Task<LiveStreamDescription> Describe();
}

/// <summary>How the grain reaches the host of a publisher.</summary>
[Alias("tributary.publisher-observer")]
public interface IPublisherObserver : IGrainObserver
{
    /// <summary>The session, until now on standby, goes on air under this lease.</summary>
    [OneWay]
    [Alias("granted")]
    Task Granted(StreamLease lease);

    /// <summary>
    /// The session's lease is over. <paramref name="goesOn"/>: another source begins the number anew that was open; else what was cut of it is all of it.
    /// </summary>
    [OneWay]
    [Alias("revoked")]
    Task Revoked(long epoch, PublishEnd reason, bool goesOn);

    /// <summary>Stops cutting at once, and tells how far it came. The session stays, as standby.</summary>
    [Alias("stop")]
    Task<SourceReport> Stop(long epoch);

    /// <summary>Stops cutting at the next end of a segment, and reports then. The session stays, as standby.</summary>
    [OneWay]
    [Alias("yield")]
    Task Yield(long epoch);

    /// <summary>Emits sync points from now on.</summary>
    [OneWay]
    [Alias("emit-sync-points")]
    Task EmitSyncPoints(SyncPointOrder order);

    /// <summary>How long the session's encoder has been silent. Asked when somebody else wants the slot.</summary>
    [Alias("silence")]
    Task<TimeSpan> Silence();
}

/// <summary>How the grain reaches the gateways that watch a stream.</summary>
[Alias("tributary.live-stream-observer")]
public interface ILiveStreamObserver : IGrainObserver
{
    [OneWay]
    [Alias("directed")]
    Task Directed(StreamDirective directive);

    /// <summary>
    /// The source of <paramref name="epoch"/> is replaced: nothing of it that is not listed yet will be. Answers where the next one may begin; null
    /// where nothing was ever listed.
    /// </summary>
    [Alias("settle")]
    Task<WindowEdge?> Settle(long epoch);
}
