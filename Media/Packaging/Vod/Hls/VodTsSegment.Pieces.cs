using System.Buffers;
using Tributary.Media.Containers.MpegTs;

namespace Tributary.Media.Packaging.Vod.Hls;

// The bytes as they are asked for, piece by piece.
sealed partial class VodTsSegment
{
    /// <summary>The segment's bytes: tables, then each PES packet.</summary>
    internal SegmentPieces Pieces(FrameBytes bytes) => new PesPieces(this, bytes);

    sealed class PesPieces(VodTsSegment segment, FrameBytes bytes) : SegmentPieces
    {
        readonly TsStream[] _elementary = segment.Begin();
        readonly byte[]?[] _rests = new byte[]?[segment._streams.Length];   // what the next PES packet of a stream begins with
        byte[] _unit = [];   // the frames of a PES packet, where they are not written as they lie
        int _at = -1;

        internal override int Next => _at < 0 ? segment._headSize : _at < segment._sizes.Length ? segment._sizes[_at] : 0;

        internal override ValueTask<bool> TryLoadAsync(CancellationToken cancellation)
        {
            if (_at < 0)
            {
                return new(true);
            }

            var pes = segment._order[_at];
            return pes.Before > 0 && _rests[pes.Stream] is null ? TryBeginWithRestAsync(pes, cancellation) : TryLoadAsync(pes, cancellation);
        }

        // A range begins here: what the packet before has left is not known yet.
        async ValueTask<bool> TryBeginWithRestAsync(TsPes pes, CancellationToken cancellation)
        {
            var before = Array.FindLast(segment._order[.._at], other => other.Stream == pes.Stream);
            if (!await TryLoadAsync(before, cancellation))
            {
                return false;
            }

            Keep(before);
            return await TryLoadAsync(pes, cancellation);
        }

        ValueTask<bool> TryLoadAsync(TsPes pes, CancellationToken cancellation) =>
            segment._streams[pes.Stream].Sets is null ? GatherAsync(pes, cancellation) : TryLoadPictureAsync(pes, cancellation);

        async ValueTask<bool> TryLoadPictureAsync(TsPes pes, CancellationToken cancellation)
        {
            var run = segment._streams[pes.Stream].Track.Runs[pes.Run];
            if (!await bytes.LoadAsync(run, pes.First, cancellation))
            {
                return false;
            }

            var picture = bytes.Of(run, pes.First);
            if (!ByteStream.AddsUp(picture))
            {
                return false;
            }

            if (pes is not { Before: 0, After: 0 })
            {
                segment._streams[pes.Stream].WritePicture(Room(pes), picture, pes.IsKey);
            }

            return true;
        }

        async ValueTask<bool> GatherAsync(TsPes pes, CancellationToken cancellation)
        {
            var (run, at) = (segment._streams[pes.Stream].Track.Runs[pes.Run], 0);
            Room(pes);
            for (var i = pes.First; i < pes.First + pes.Count; i++)
            {
                if (!await bytes.LoadAsync(run, i, cancellation))
                {
                    return false;
                }

                at += segment._streams[pes.Stream].WriteSound(_unit.AsSpan(at), bytes.Of(run, i));
            }

            return true;
        }

        Span<byte> Room(in TsPes pes)
        {
            _unit = _unit.Length < pes.Size ? new byte[pes.Size] : _unit;
            return _unit.AsSpan(0, pes.Size);
        }

        void Keep(in TsPes pes) => _rests[pes.Stream] = pes.After == 0 ? null : _unit.AsSpan(pes.Size - pes.After, pes.After).ToArray();

        internal override void Take(IBufferWriter<byte>? output)
        {
            var writer = new TsPacketWriter(output);
            if (_at < 0)
            {
                segment.WriteHead(ref writer);
            }
            else if (output is null)
            {
                segment.Count(ref writer, ref _elementary[segment._order[_at].Stream], _at);
                _rests[segment._order[_at].Stream] = null;
            }
            else
            {
                WritePes(ref writer, ref _elementary[segment._order[_at].Stream]);
            }

            writer.Flush();
            _at++;
        }

        void WritePes(ref TsPacketWriter writer, ref TsStream elementary)
        {
            ref readonly var pes = ref segment._order[_at];
            BeginPes(ref writer, ref elementary, pes, segment.ClockOf(pes), segment._last[pes.Stream] == _at);
            var stream = segment._streams[pes.Stream];
            if (stream.Sets is { } sets && pes is { Before: 0, After: 0 })
            {
                var run = stream.Track.Runs[pes.Run];
                writer.Append(sets.Delimiter);
                writer.Append(pes.IsKey ? sets.Bytes : default);
                ByteStream.Append(ref writer, bytes.Of(run, pes.First));
                return;
            }

            writer.Append(pes.Before > 0 ? _rests[pes.Stream] : default);
            writer.Append(_unit.AsSpan(0, pes.Size - pes.After));
            Keep(pes);
        }
    }
}
