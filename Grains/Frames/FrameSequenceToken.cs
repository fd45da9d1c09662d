using Orleans.Streams;

namespace Tributary.Grains.Frames;

/// <summary>A place in a stream of frames: subscribe with it to catch up from the start of segment <see cref="SequenceNumber"/>.</summary>
[GenerateSerializer, Alias("tributary.frame-sequence-token")]
public sealed class FrameSequenceToken(long msn) : StreamSequenceToken
{
    [Id(0)]
    public override long SequenceNumber { get; protected set; } = msn;

    [Id(1)]
    public override int EventIndex { get; protected set; }

    public override bool Equals(StreamSequenceToken? other) => other is not null && CompareTo(other) == 0;

    public override int CompareTo(StreamSequenceToken? other) =>
        other is null ? 1 : (SequenceNumber, EventIndex).CompareTo((other.SequenceNumber, other.EventIndex));

    public override bool Equals(object? obj) => Equals(obj as StreamSequenceToken);

    public override int GetHashCode() => HashCode.Combine(SequenceNumber, EventIndex);
}
