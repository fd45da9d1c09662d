namespace Tributary.Gateway.Streaming;

/// <summary>Where a viewer's bytes go: its socket, or a response that TLS or HTTP/2 stands before. One thread at a time.</summary>
interface IViewerOutput
{
    /// <summary>
    /// Sends what can be sent without waiting; returns how many bytes were taken, fewer than there are where the viewer is slow, -1 where it is gone.
    /// </summary>
    long Send(ReadOnlySpan<IoVector> pieces);
}

/// <summary>A piece of pinned memory: struct iovec of POSIX.</summary>
readonly unsafe struct IoVector(byte* start, nuint length)
{
    public readonly byte* Start = start;
    public readonly nuint Length = length;

    public ReadOnlySpan<byte> Span => new(Start, (int)Length);
}
