using System.Buffers;
using System.Runtime.InteropServices;
using Tributary.Media.Containers.MpegTs;
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
[StructLayout(LayoutKind.Auto)]
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

    internal static TsPes[] Of(TsElementary[] streams)
    {
        var room = ArrayPool<TsPes>.Shared.Rent(streams.Sum(stream => stream.Track.Count));   // sound takes less: frames share a PES packet
        try
        {
            var order = new Order(room);
            Lay(streams, ref order);
            return order.ToArray();
        }
        finally
        {
            ArrayPool<TsPes>.Shared.Return(room);
        }
    }

    static void Lay(TsElementary[] streams, ref Order order)
    {
        var gathering = new Gathering[streams.Length];
        var cursors = Array.ConvertAll(streams, stream => new Cursor(stream));
        while (Next(cursors) is >= 0 and var next)
        {
            ref var cursor = ref cursors[next];
            var stream = streams[next];
            FlushOlder(gathering, next, cursor.Turn - GatheredTime, ref order);
            ref readonly var frame = ref cursor.Current;
            if (stream.IsVideo)
            {
                order.Add(new TsPes(next, cursor.Run, cursor.Frame, 1, stream.SizeOf(frame), cursor.Dts + frame.PtsDelay + stream.PtsDelay, cursor.Dts, frame.IsKey));
            }
            else
            {
                Gather(ref gathering[next], next, stream, cursor, ref order);
            }

            cursor.MoveNext();
        }

        for (var i = 0; i < gathering.Length; i++)
        {
            gathering[i].Flush(ref order);
        }
    }

    /// <summary>
    /// Leaves out the stuffing between the frames of a stream: what a frame leaves of its last transport packet is taken by the next frame. That packet
    /// begins the next frame's PES packet, with its times: they are those of the first frame that begins in a PES packet (ISO/IEC 13818-1 §2.4.3.7).
    /// </summary>
    /// <param name="order">The PES packets.</param>
    /// <param name="headerOf">Bytes of a PES packet's header and of the adaptation field before it.</param>
    /// <param name="acrossStreams">Whether frames of other streams may stand between.</param>
    internal static void Chain(TsPes[] order, Func<TsPes, int> headerOf, bool acrossStreams)
    {
        var last = new Dictionary<int, int>();
        for (var i = 0; i < order.Length; i++)
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

    // The stream whose frame is decoded first; -1 where all frames are taken.
    static int Next(Cursor[] cursors)
    {
        var (next, earliest) = (-1, long.MaxValue);
        for (var i = 0; i < cursors.Length; i++)
        {
            if (cursors[i].Turn < earliest)
            {
                (next, earliest) = (i, cursors[i].Turn);
            }
        }

        return next;
    }

    static void FlushOlder(Gathering[] gathering, int except, long before, ref Order order)
    {
        for (var i = 0; i < gathering.Length; i++)
        {
            if (i != except && gathering[i].Count > 0 && gathering[i].Dts - gathering[i].Shift < before)
            {
                gathering[i].Flush(ref order);
            }
        }
    }

    static void Gather(ref Gathering gathering, int number, TsElementary stream, in Cursor at, ref Order order)
    {
        var size = stream.SizeOf(at.Current);
        if (gathering.Count > 0 && (gathering.Run != at.Run || gathering.Bytes + size > GatheredBytes))
        {
            gathering.Flush(ref order);
        }

        if (gathering.Count == 0)
        {
            gathering = new Gathering { Stream = number, Run = at.Run, First = at.Frame, Dts = at.Dts, Shift = stream.Shift90k, Delay = stream.PtsDelay };
        }

        gathering.Count++;
        gathering.Bytes += size;
    }

    // The PES packets so far, in memory that was lent.
    struct Order(TsPes[] room)
    {
        int _count;

        internal void Add(in TsPes pes) => room[_count++] = pes;

        internal readonly TsPes[] ToArray() => room[.._count];
    }

    // The frame of a stream whose turn it is.
    struct Cursor
    {
        readonly TsElementary _stream;
        SetFrame[] _frames;
        long _shift;

        internal Cursor(TsElementary stream)
        {
            (_stream, _frames, Run, Frame) = (stream, [], -1, -1);
            MoveNext();
        }

        internal int Run { get; private set; }

        internal int Frame { get; private set; }

        internal long Dts { get; private set; }

        // When it is decoded without the URL's shift; behind the last frame, never.
        internal long Turn { get; private set; }

        internal readonly ref readonly SetFrame Current => ref _frames[Frame];

        internal void MoveNext()
        {
            Frame++;
            while (Frame >= _frames.Length)
            {
                if (++Run >= _stream.Track.Runs.Length)
                {
                    Turn = long.MaxValue;
                    return;
                }

                var run = _stream.Track.Runs[Run];
                (_frames, Frame) = (run.Frames, 0);
                _shift = run.Frames.Length == 0 ? 0 : run.Start - run.Frames[0].Dts + _stream.Offset90k;
            }

            Dts = _frames[Frame].Dts + _shift;
            Turn = Dts - _stream.Shift90k;
        }
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

        internal void Flush(ref Order order)
        {
            if (Count > 0)
            {
                order.Add(new TsPes(Stream, Run, First, Count, Bytes, Dts + Delay, Dts, true));
                Count = 0;
            }
        }
    }
}
