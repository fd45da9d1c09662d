using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Media.Packaging.Live;

/// <summary>
/// The initialization section of one configuration of one track (RFC 8216 §3.3). Its number is a hash of its bytes: every gateway finds the
/// same number without having seen where the configuration began, and a URL never has two contents.
/// </summary>
public sealed class InitSegment
{
    public InitSegment(TrackInfo track, InitWriter write)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        write(bytes, track);
        (Track, Bytes, Number) = (track, bytes.WrittenMemory, Fnv1a.Hash(bytes.WrittenSpan));
    }

    public TrackInfo Track { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    public ulong Number { get; }
}
