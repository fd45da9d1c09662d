namespace Tributary.Grains.LiveStreams;

/// <summary>A filled slot of a stream, as its grain knows it. How long something lasts is elapsed time: the wall clock may jump.</summary>
sealed class PublishSlot(PublishRequest request, IPublisherObserver? publisher, TimeProvider time)
{
    long _heard = time.GetTimestamp();
    long? _wellSince;

    public PublishRequest Request => request;

    /// <summary>Null until the host was heard by this activation.</summary>
    public IPublisherObserver? Publisher { get; private set; } = publisher;

    /// <summary>Since its host was heard.</summary>
    public TimeSpan Unheard => time.GetElapsedTime(_heard);

    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>How long it is well without a break; null while it is not.</summary>
    public TimeSpan? WellFor => _wellSince is { } since ? time.GetElapsedTime(since) : null;

    /// <summary>Null until the host was heard by this activation.</summary>
    public SourceReport? Last { get; private set; }

    public SourceHealth Health => Last?.Health ?? new();

    public SourceFault Fault => Last?.Fault ?? SourceFault.None;

    public SourcePlace Place => Last?.Place ?? new();

    /// <summary>Whether it could go on air: it sends, and something is kept to begin with.</summary>
    public bool IsReady => Publisher is not null && _wellSince is not null && Place.Kept90k is not null;

    public bool OnAir { get; set; }

    /// <summary>Null on standby, and while this activation has not heard the holder of a lease that an earlier one granted.</summary>
    public StreamLease? Lease { get; set; }

    /// <summary>Whether this activation knows the holder of the lease to cut under the newest epoch.</summary>
    public bool Confirmed { get; set; }

    /// <summary>Whether it may still cut under a lease that it had: it did not say its last word.</summary>
    public bool MayCut { get; set; } = true;

    public void Heard(SourceReport report, IPublisherObserver from)
    {
        Publisher = from;
        _heard = time.GetTimestamp();
        Heard(report);
        _wellSince = report.Fault == SourceFault.None ? _wellSince ?? _heard : null;
    }

    /// <summary>The last word of a lease: it says where the next may go on.</summary>
    public void Heard(SourceReport report) => Last = report;

    public void LeaveAir() => (OnAir, Lease, Confirmed) = (false, null, false);

    public SlotDescription Describe(bool aligned) => new()
    {
        Slot = request.Slot, OnAir = OnAir, Request = request, Since = Since, Health = Health, Fault = Fault, Ready = OnAir || IsReady, Aligned = aligned,
        Clock90k = Last is { OpenTime.Ticks: > 0 } ? Last.Open90k : null, ClockTime = Last is { OpenTime.Ticks: > 0 } ? Last.OpenTime : null,
    };
}
