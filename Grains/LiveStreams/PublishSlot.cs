namespace Tributary.Grains.LiveStreams;

/// <summary>A filled slot of a stream, as its grain knows it.</summary>
sealed class PublishSlot(PublishRequest request, IPublisherObserver? publisher, DateTimeOffset now)
{
    public PublishRequest Request => request;

    /// <summary>Null until the host was heard by this activation.</summary>
    public IPublisherObserver? Publisher { get; private set; } = publisher;

    public DateTimeOffset LastHeard { get; private set; } = now;

    public DateTimeOffset Since { get; } = now;

    /// <summary>Since when it is well without a break; null while it is not.</summary>
    public DateTimeOffset? WellSince { get; private set; }

    /// <summary>Null until the host was heard by this activation.</summary>
    public SourceReport? Last { get; private set; }

    public SourceHealth Health => Last?.Health ?? new();

    public SourceFault Fault => Last?.Fault ?? SourceFault.None;

    public SourcePlace Place => Last?.Place ?? new();

    /// <summary>Whether it could go on air: it sends, and something is kept to begin with.</summary>
    public bool IsReady => Publisher is not null && WellSince is not null && Place.Kept90k is not null;

    public bool OnAir { get; set; }

    /// <summary>Null on standby, and while this activation has not heard the holder of a lease that an earlier one granted.</summary>
    public StreamLease? Lease { get; set; }

    /// <summary>Whether this activation knows the holder of the lease to cut under the newest epoch.</summary>
    public bool Confirmed { get; set; }

    public void Heard(SourceReport report, IPublisherObserver from, DateTimeOffset heardAt)
    {
        Publisher = from;
        LastHeard = heardAt;
        Heard(report);
        WellSince = report.Fault == SourceFault.None ? WellSince ?? heardAt : null;
    }

    /// <summary>The last word of a lease: it says where the next may go on.</summary>
    public void Heard(SourceReport report) => Last = report;

    public void LeaveAir() => (OnAir, Lease, Confirmed) = (false, null, false);

    public SlotDescription Describe(bool aligned) => new()
    {
        Slot = request.Slot, OnAir = OnAir, Request = request, Since = Since, Health = Health, Fault = Fault, Ready = OnAir || IsReady, Aligned = aligned,
    };
}
