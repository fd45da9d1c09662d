namespace Tributary.Grains.LiveStreams;

/// <summary>A filled slot of a stream, as its grain knows it.</summary>
sealed class PublishSlot(PublishRequest request, IPublisherObserver? publisher, DateTimeOffset now)
{
    public PublishRequest Request => request;

    /// <summary>Null until the host was heard by this activation.</summary>
    public IPublisherObserver? Publisher { get; private set; } = publisher;

    public DateTimeOffset LastHeard { get; private set; } = now;

    public DateTimeOffset Since { get; } = now;

    public SourceHealth Health { get; private set; } = new();

    public bool OnAir { get; set; }

    /// <summary>Null on standby, and while this activation has not heard the holder of a lease that an earlier one granted.</summary>
    public StreamLease? Lease { get; set; }

    /// <summary>Whether this activation knows the holder of the lease to cut under the newest epoch.</summary>
    public bool Confirmed { get; set; }

    public void Heard(SourceReport report, IPublisherObserver from, DateTimeOffset heardAt)
    {
        Publisher = from;
        LastHeard = heardAt;
        Health = report.Health;
    }

    public SlotDescription Describe() =>
        new() { Slot = request.Slot, OnAir = OnAir, Request = request, Since = Since, Health = Health };
}
