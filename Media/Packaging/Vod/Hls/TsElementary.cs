using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

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
        IsVideo = info.Kind == TrackKind.Video;
        if (IsVideo)
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

    internal bool IsVideo { get; }

    /// <summary>What is added to all times.</summary>
    internal long Offset90k { get; }

    /// <summary>How much of the times is the URL's shift, which does not change the order of frames.</summary>
    internal long Shift90k { get; }

    /// <summary>How much later than its own time each frame is presented, in ticks of 90 kHz.</summary>
    internal int PtsDelay { get; }

    internal AdtsHeader? Adts { get; }

    internal TsParameterSets? Sets { get; }

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
