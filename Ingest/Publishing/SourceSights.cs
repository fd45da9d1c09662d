using System.Buffers.Binary;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;
using Tributary.Media.Packaging;

namespace Tributary.Ingest.Publishing;

/// <summary>What can tell whether another source carries the same programme: the tracks' configurations and the last key frames of the picture.</summary>
sealed class SourceSights
{
    const int Kept = 8;
    const int HashedEnd = 2_048;

    readonly SortedDictionary<int, TrackInfo> _tracks = [];
    readonly Queue<KeyFrameSight> _keyFrames = new();

    (long Source90k, long Place90k, DateTimeOffset Arrived)? _newest;

    public bool HasSound { get; private set; }

    /// <summary>Notes a frame. <paramref name="source90k"/>: its presentation time as the encoder stamped it.</summary>
    public void Note(in Frame frame, long source90k, DateTimeOffset arrived)
    {
        _tracks[frame.Track.Id] = frame.Track;
        _newest = (source90k, frame.Pts90k, arrived);
        HasSound |= frame.Track.Kind == TrackKind.Audio;
        if (!frame.IsKey || frame.Track.Kind != TrackKind.Video)
        {
            return;
        }

        if (_keyFrames.Count == Kept)
        {
            _keyFrames.Dequeue();
        }

        _keyFrames.Enqueue(new KeyFrameSight(source90k, frame.Pts90k, ContentOf(frame.Data.Span), arrived));
    }

    public SourcePlace Read(long? shift90k, long? kept90k) => new()
    {
        Configuration = Configuration(),
        Shift90k = shift90k,
        KeyFrames = [.. _keyFrames],
        Kept90k = kept90k,
        Newest = _newest is { } newest ? new KeyFrameSight(newest.Source90k, newest.Place90k, 0, newest.Arrived) : null,
    };

    // Both ends and the length: two key frames of a moving picture differ there, and a large one costs no more than a small one.
    static long ContentOf(ReadOnlySpan<byte> bytes) => (long)(
        Fnv1a.Hash(bytes[..Math.Min(bytes.Length, HashedEnd)]) * 31 + Fnv1a.Hash(bytes[Math.Max(bytes.Length - HashedEnd, 0)..])) ^ bytes.Length;

    long Configuration()
    {
        var hash = 0UL;
        Span<byte> facts = stackalloc byte[12];
        foreach (var track in _tracks.Values)
        {
            BinaryPrimitives.WriteInt32LittleEndian(facts, track.Id);
            BinaryPrimitives.WriteInt32LittleEndian(facts[4..], (int)track.Codec);
            BinaryPrimitives.WriteInt32LittleEndian(facts[8..], track.Timescale);
            hash = hash * 31 + Fnv1a.Hash(facts) + Fnv1a.Hash(track.DecoderConfig.Span);
        }

        return (long)hash;
    }
}
