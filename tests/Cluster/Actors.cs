using Tributary.Grains.LiveStreams;

namespace Tributary.Cluster;

/// <summary>The host of an encoder, as the grain sees it.</summary>
sealed class Encoder : IPublisherObserver
{
    public Encoder(IGrainFactory grains, int slot, string node = "node-a")
    {
        Request = new PublishRequest { Session = Guid.NewGuid(), Slot = slot, Node = node, FrameLink = "127.0.0.1:1", Encoder = "test" };
        Reference = grains.CreateObjectReference<IPublisherObserver>(this);
    }

    public PublishRequest Request { get; private set; }

    public Guid Run
    {
        init => Request = Request with { NodeRun = value };
    }

    public IPublisherObserver Reference { get; }

    public TimeSpan Quiet { get; set; }

    public TaskCompletionSource<StreamLease> GrantedLease { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it was told that another source goes on.</summary>
    public bool GoesOn { get; private set; }

    public TaskCompletionSource<PublishEnd> RevokedAs { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Does not answer any more, as the host of one that was killed.</summary>
    public bool IsDead { get; set; }

    /// <summary>Where the source is on standby: a key frame is kept.</summary>
    public SourceReport Standby() => Report(0, 0) with { Place = new SourcePlace { Kept90k = 0 } };

    public SourceReport Report(long epoch, long nextMsn) => new()
    {
        Session = Request.Session,
        Epoch = epoch,
        NextMsn = nextMsn,
        DiscontinuitySequence = 0,
        End90k = nextMsn * 180_000,
        TargetDuration = 2,
        Health = new SourceHealth(),
        Request = Request,
        OpenMsn = nextMsn - 1,
        Open90k = (nextMsn - 1) * 180_000,
        OpenTime = DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(2 * (nextMsn - 1)),
    };

    public Task<SourceReport> Stop(long epoch)
    {
        Stopped.TrySetResult(epoch);
        return Task.FromResult(Last!);
    }

    /// <summary>Its last word when it is told to stop.</summary>
    public SourceReport? Last { get; set; }

    public TaskCompletionSource<long> Stopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Yield(long epoch)
    {
        Yielded.TrySetResult(epoch);
        return Task.CompletedTask;
    }

    public Task EmitSyncPoints(SyncPointOrder order)
    {
        Ordered.TrySetResult(order);
        return Task.CompletedTask;
    }

    /// <summary>The sync points that it was asked for first.</summary>
    public TaskCompletionSource<SyncPointOrder> Ordered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<long> Yielded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Granted(StreamLease lease)
    {
        GrantedLease.TrySetResult(lease);
        return Task.CompletedTask;
    }

    public Task Revoked(long epoch, PublishEnd reason, bool goesOn)
    {
        GoesOn = goesOn;
        RevokedAs.TrySetResult(reason);
        return Task.CompletedTask;
    }

    public Task<TimeSpan> Silence() => IsDead ? new TaskCompletionSource<TimeSpan>().Task : Task.FromResult(Quiet);
}

/// <summary>A gateway that watches, as the grain sees it.</summary>
sealed class Gateway : ILiveStreamObserver
{
    readonly System.Threading.Channels.Channel<StreamDirective> _directives = System.Threading.Channels.Channel.CreateUnbounded<StreamDirective>();

    public Gateway(IGrainFactory grains) => Reference = grains.CreateObjectReference<ILiveStreamObserver>(this);

    public ILiveStreamObserver Reference { get; }

    public Task Directed(StreamDirective directive)
    {
        _directives.Writer.TryWrite(directive);
        return Task.CompletedTask;
    }

    /// <summary>How far it has listed; null: nothing.</summary>
    public WindowEdge? Edge { get; set; }

    public bool IsDead { get; set; }

    public TaskCompletionSource<long> Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<WindowEdge?> Settle(long epoch)
    {
        Settled.TrySetResult(epoch);
        return IsDead ? new TaskCompletionSource<WindowEdge?>().Task : Task.FromResult(Edge);
    }

    public async Task Until(Func<StreamDirective, bool> met)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!met(await _directives.Reader.ReadAsync(deadline.Token)))
        {
        }
    }
}
