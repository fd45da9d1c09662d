using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>One PES packet of a segment: a picture, or some frames of sound.</summary>
/// <param name="Stream">Number of the stream in the segment, from 0.</param>
/// <param name="Run">Number of the run that its frames are of.</param>
/// <param name="First">Number of its first frame in the run.</param>
/// <param name="Count">Frames.</param>
/// <param name="Size">Bytes of its frames.</param>
/// <param name="Pts">Presentation time of the first frame, in ticks of 90 kHz.</param>
/// <param name="Dts">Decode time of the first frame.</param>
/// <param name="IsKey">Whether a decoder can start here.</param>
readonly record struct TsPes(int Stream, int Run, int First, int Count, int Size, long Pts, long Dts, bool IsKey)
{
    /// <summary>Bytes of the stream's frames before it that stand in its first transport packet, so that they need no stuffing: see <see cref="TsLayout.Chain"/>.</summary>
    internal int Before { get; init; }

    /// <summary>Bytes of its own frames that stand in the stream's next PES packet.</summary>
    internal int After { get; init; }

    /// <summary>Bytes after the PES header.</summary>
    internal int Payload => Before + Size - After;
}

/// <summary>
/// The order in which the frames of a segment stand in its transport stream, from their sizes and times alone: so that lengths, and the byte ranges of an
/// I-frame playlist, are known without reading media.
/// </summary>
/// <remarks>
/// Frames are taken by decode time. Frames of sound are gathered while they fit into one PES packet of 2,930 bytes and until a frame of another stream is
/// 350 ms later than the first of them.
/// </remarks>
static class TsLayout
{
    const int GatheredBytes = 15 * 184 + 170;
    const long GatheredTime = 31_500;

    internal static List<TsPes> Of(TsElementary[] streams)
    {
        var order = new List<TsPes>(streams.Sum(stream => stream.Track.Count));
        var gathering = new Gathering[streams.Length];
        var places = new (int Run, int Frame)[streams.Length];
        while (Next(streams, places, out var at) is >= 0 and var next)
        {
            var stream = streams[next];
            var (run, frame) = places[next];
            FlushOlder(gathering, next, at - stream.Shift90k - GatheredTime, order);
            if (stream.Track.Track.Kind == TrackKind.Video)
            {
                ref readonly var picture = ref stream.Track.Runs[run].Frames[frame];
                order.Add(new TsPes(next, run, frame, 1, stream.SizeOf(picture), at + picture.PtsDelay + stream.PtsDelay, at, picture.IsKey));
            }
            else
            {
                Gather(ref gathering[next], next, stream, run, frame, at, order);
            }

            places[next] = (run, frame + 1);
        }

        for (var i = 0; i < gathering.Length; i++)
        {
            gathering[i].Flush(order);
        }

        return order;
    }

    /// <summary>
    /// Leaves out the stuffing between the frames of a stream: what a frame leaves of its last transport packet is taken by the next frame. That packet
    /// begins the next frame's PES packet, with its times: they are those of the first frame that begins in a PES packet (ISO/IEC 13818-1 §2.4.3.7).
    /// </summary>
    /// <param name="order">The PES packets.</param>
    /// <param name="headerOf">Bytes of a PES packet's header and of the adaptation field before it.</param>
    /// <param name="acrossStreams">Whether frames of other streams may stand between.</param>
    internal static void Chain(List<TsPes> order, Func<TsPes, int> headerOf, bool acrossStreams)
    {
        var last = new Dictionary<int, int>();
        for (var i = 0; i < order.Count; i++)
        {
            if (last.TryGetValue(order[i].Stream, out var previous) && (acrossStreams || previous == i - 1))
            {
                var bytes = headerOf(order[previous]) + order[previous].Payload;
                var rest = bytes <= TsPacketWriter.Room ? 0 : bytes % TsPacketWriter.Room;
                if (rest < TsPacketWriter.Room - headerOf(order[i]))
                {
                    (order[previous], order[i]) = (order[previous] with { After = rest }, order[i] with { Before = rest });
                }
            }

            last[order[i].Stream] = i;
        }
    }

    // The stream whose frame is decoded first, and when; -1 where all frames are taken.
    static int Next(TsElementary[] streams, (int Run, int Frame)[] places, out long at)
    {
        (var next, at) = (-1, 0);
        var earliest = long.MaxValue;
        for (var i = 0; i < streams.Length; i++)
        {
            ref var place = ref places[i];
            var runs = streams[i].Track.Runs;
            while (place.Run < runs.Length && place.Frame >= runs[place.Run].Frames.Length)
            {
                place = (place.Run + 1, 0);
            }

            if (place.Run < runs.Length && streams[i].DtsOf(place.Run, place.Frame) is var dts && dts - streams[i].Shift90k < earliest)
            {
                (next, earliest, at) = (i, dts - streams[i].Shift90k, dts);
            }
        }

        return next;
    }

    static void FlushOlder(Gathering[] gathering, int except, long before, List<TsPes> order)
    {
        for (var i = 0; i < gathering.Length; i++)
        {
            if (i != except && gathering[i].Count > 0 && gathering[i].Dts - gathering[i].Shift < before)
            {
                gathering[i].Flush(order);
            }
        }
    }

    static void Gather(ref Gathering gathering, int number, TsElementary stream, int run, int frame, long dts, List<TsPes> order)
    {
        var size = stream.SizeOf(stream.Track.Runs[run].Frames[frame]);
        if (gathering.Count > 0 && (gathering.Run != run || gathering.Bytes + size > GatheredBytes))
        {
            gathering.Flush(order);
        }

        if (gathering.Count == 0)
        {
            gathering = new Gathering { Stream = number, Run = run, First = frame, Dts = dts, Shift = stream.Shift90k, Delay = stream.PtsDelay };
        }

        gathering.Count++;
        gathering.Bytes += size;
    }

    struct Gathering
    {
        internal int Stream;
        internal int Run;
        internal int First;
        internal int Count;
        internal int Bytes;
        internal long Dts;
        internal long Shift;
        internal int Delay;

        internal void Flush(List<TsPes> order)
        {
            if (Count > 0)
            {
                order.Add(new TsPes(Stream, Run, First, Count, Bytes, Dts + Delay, Dts, true));
                Count = 0;
            }
        }
    }
}

/// <summary>A track as an elementary stream of a segment: how much its frames grow on their way into PES packets.</summary>
sealed class TsElementary
{
    readonly int _extra;
    readonly int _keyExtra;

    internal TsElementary(SegmentTrack track, long offset90k, long shift90k, int ptsDelay)
    {
        PtsDelay = ptsDelay;
        Shift90k = shift90k;
        Track = track;
        Offset90k = offset90k;
        var info = track.Track.Info;
        if (info.Kind == TrackKind.Video)
        {
            Sets = new TsParameterSets(info);
            _extra = Sets.DelimiterLength;
            _keyExtra = Sets.Bytes.Length;
        }
        else if (info.Codec == Codec.Aac && AdtsHeader.TryCreate(info, out var adts))
        {
            Adts = adts;
            _extra = AdtsHeader.Size;
        }
    }

    internal SegmentTrack Track { get; }

    /// <summary>What is added to all times.</summary>
    internal long Offset90k { get; }

    /// <summary>How much of the times is the URL's shift, which does not change the order of frames.</summary>
    internal long Shift90k { get; }

    /// <summary>How much later than its own time each frame is presented, in ticks of 90 kHz.</summary>
    internal int PtsDelay { get; }

    internal AdtsHeader? Adts { get; }

    internal TsParameterSets? Sets { get; }

    internal long DtsOf(int run, int frame)
    {
        var of = Track.Runs[run];
        return of.Start + (of.Frames[frame].Dts - of.Frames[0].Dts) + Offset90k;
    }

    /// <summary>Writes a picture as a byte stream, behind what stands before it.</summary>
    internal void WritePicture(Span<byte> target, ReadOnlySpan<byte> picture, bool isKey)
    {
        Sets!.Delimiter.CopyTo(target);
        target = target[_extra..];
        if (isKey)
        {
            Sets.Bytes.CopyTo(target);
            target = target[_keyExtra..];
        }

        ByteStream.Write(target, picture);
    }

    /// <summary>Writes a frame of sound, behind the header that its codec has in a transport stream, and returns how many bytes that are.</summary>
    internal int WriteSound(Span<byte> target, ReadOnlySpan<byte> frame)
    {
        Adts?.Write(target, frame.Length);
        frame.CopyTo(target[_extra..]);
        return _extra + frame.Length;
    }

    internal int SizeOf(in SetFrame frame) => frame.Size + _extra + (frame.IsKey ? _keyExtra : 0);
}
