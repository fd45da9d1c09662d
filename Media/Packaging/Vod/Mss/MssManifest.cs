using System.Globalization;
using System.Security;
using System.Text;
using Tributary.Media.Codecs;
using Tributary.Media.Frames;
using Tributary.Media.Languages;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Mss;

/// <summary>The client manifest of Smooth Streaming (MS-SSTR §2.2.2): a StreamIndex of all pictures, one for each language of sound and each captions file.</summary>
sealed class MssManifest(MediaSet set)
{
    readonly StringBuilder _xml = new();

    /// <summary>The manifest; null where a live set has no fragment that may be listed.</summary>
    internal string? Write()
    {
        if (set.Timeline.IsLive && SegmentList.Of(set, [], MssPackager.LookAhead).Count == 0)
        {
            return null;
        }

        _xml.Append("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"0\"");
        var tracks = set.ReferenceTracks.Where(track => MssPackager.Carries(track.Info.Codec)).ToArray();
        WriteDuration(tracks);
        foreach (var stream in Streams(tracks))
        {
            WriteStream(stream);
        }

        foreach (var captions in set.ReferenceCaptions)
        {
            WriteCaptions(captions);
        }

        return _xml.Append("</SmoothStreamingMedia>\n").ToString();
    }

    void WriteDuration(SetTrack[] tracks)
    {
        if (!set.Timeline.IsLive)
        {
            _xml.Append(CultureInfo.InvariantCulture, $" Duration=\"{set.TimelineOf(tracks).TotalDuration * MssPackager.TicksPerMillisecond}\">\n");
            return;
        }

        var window = SegmentList.Of(set, tracks).Sum(segment => segment.Duration) * MssPackager.TicksPerMillisecond;
        _xml.Append(CultureInfo.InvariantCulture, $" Duration=\"0\" DVRWindowLength=\"{window}\" LookAheadFragmentCount=\"{MssPackager.LookAhead}\"");
        _xml.Append(" IsLive=\"TRUE\" CanSeek=\"TRUE\" CanPause=\"TRUE\">\n");
    }

    // Where sound is chosen by language, every language is a stream; players show the last first, and migrating sites have it so.
    IEnumerable<(SetTrack[] Tracks, bool IsNamed)> Streams(SetTrack[] tracks)
    {
        var video = tracks.Where(track => track.Kind == TrackKind.Video).ToArray();
        if (video.Length > 0)
        {
            yield return (Distinct(video), false);
        }

        var audio = tracks.Where(track => track.Kind == TrackKind.Audio).ToArray();
        var alternatives = Renditions.AlternativeAudio(tracks, always: false);
        foreach (var alternative in alternatives.Reverse())
        {
            yield return (Distinct(audio.Where(track => track.Language == alternative.Language
                && Renditions.LabelOf(track) == Renditions.LabelOf(alternative))), true);
        }

        if (alternatives.Count == 0 && audio.Length > 0)
        {
            yield return (Distinct(audio), false);
        }
    }

    SetTrack[] Distinct(IEnumerable<SetTrack> tracks)
    {
        var distinct = new List<SetTrack>();
        foreach (var track in tracks)
        {
            if (!distinct.Exists(other => track.Info.Width == other.Info.Width && track.Info.Height == other.Info.Height
                && Math.Abs(track.Bitrate - other.Bitrate) < set.Options.Mss.DuplicateBitrateThreshold))
            {
                distinct.Add(track);
            }
        }

        return [.. distinct];
    }

    void WriteStream((SetTrack[] Tracks, bool IsNamed) stream)
    {
        var first = stream.Tracks[0];
        var kind = first.Kind == TrackKind.Video ? "video" : "audio";
        var segments = SegmentList.InTicks(set, stream.Tracks, MssPackager.Timescale, MssPackager.LookAhead);
        var name = stream.IsNamed ? NameOf(Renditions.LabelOf(first), first.Language) : "";
        _xml.Append(CultureInfo.InvariantCulture, $"  <StreamIndex Type=\"{kind}\"{name} QualityLevels=\"{stream.Tracks.Length}\" Chunks=\"{segments.Count}\"");
        _xml.Append($" Url=\"QualityLevels({{bitrate}})/Fragments({kind}={{start time}})\">\n");
        for (var i = 0; i < stream.Tracks.Length; i++)
        {
            WriteLevel(stream.Tracks[i], i);
        }

        WriteChunks(segments);
        _xml.Append("  </StreamIndex>\n");
    }

    static string NameOf(string label, string language) => $" Name=\"{SecurityElement.Escape(label)}\" Language=\"{Language.Tag(language)}\"";

    void WriteLevel(SetTrack track, int index)
    {
        var config = track.Info.DecoderConfig.Span;
        _xml.Append(CultureInfo.InvariantCulture, $"    <QualityLevel Index=\"{index}\" Bitrate=\"{MssPackager.NameOf(track)}\"");
        if (track.Kind == TrackKind.Video)
        {
            _xml.Append(CultureInfo.InvariantCulture, $" FourCC=\"H264\" MaxWidth=\"{track.Info.Width}\" MaxHeight=\"{track.Info.Height}\"");
            _xml.Append($" CodecPrivateData=\"{ParameterSets(track)}\"></QualityLevel>\n");
            return;
        }

        var isAac = track.Info.Codec == Codec.Aac;
        _xml.Append(CultureInfo.InvariantCulture, $" FourCC=\"{(isAac ? "AACL" : "WMAP")}\" SamplingRate=\"{track.Info.SampleRate}\" Channels=\"{track.Info.Channels}\"");
        _xml.Append(CultureInfo.InvariantCulture, $" BitsPerSample=\"16\" PacketSize=\"0\" AudioTag=\"{(isAac ? 255 : 85)}\"");
        _xml.Append($" CodecPrivateData=\"{(isAac ? Convert.ToHexString(config) : "")}\"></QualityLevel>\n");
    }

    // Parameter sets as a byte stream, each behind a start code.
    static string ParameterSets(SetTrack track)
    {
        var text = new StringBuilder();
        var sets = NalUnits.ParameterSets(track.Info.Codec, track.Info.DecoderConfig.Span);
        while (sets.MoveNext())
        {
            text.Append("00000001").Append(Convert.ToHexString(sets.Current));
        }

        return text.ToString();
    }

    void WriteCaptions(SetCaptions captions)
    {
        var sequence = captions.SequenceDescription;
        var label = sequence.Label.Length > 0 ? sequence.Label : Renditions.LabelOf(sequence.Language);
        var duration = captions.File.DurationMilliseconds - captions.ClipFrom;
        var segments = set.Timeline.IsLive || set.Description.Durations.Count > 0
            ? SegmentList.InTicks(set, [], MssPackager.Timescale, MssPackager.LookAhead)
            : Cut(duration);
        if (segments.Count == 0)
        {
            return;   // dash.js gives up over a stream without a fragment
        }

        _xml.Append(CultureInfo.InvariantCulture, $"  <StreamIndex Type=\"text\"{NameOf(label, sequence.Language)} QualityLevels=\"1\" Chunks=\"{segments.Count}\"");
        _xml.Append(" Subtype=\"CAPT\" Url=\"QualityLevels({bitrate})/Fragments(text={start time})\">\n");
        _xml.Append(CultureInfo.InvariantCulture, $"    <QualityLevel Index=\"0\" Bitrate=\"{(captions.Sequence & 31) << 5}\" FourCC=\"TTML\"></QualityLevel>\n");
        WriteChunks(segments);
        _xml.Append("  </StreamIndex>\n");
    }

    // Captions of a file end with their last cue.
    List<ListedSegment> Cut(long duration)
    {
        var schedule = set.Timeline.Schedule;
        var (segments, count) = (new List<ListedSegment>(), schedule.CountOf(duration));
        for (var i = 0; i < count; i++)
        {
            var end = i + 1 < count ? schedule.StartOf(i + 1) : duration;
            segments.Add(new ListedSegment(i, 0, schedule.StartOf(i) * MssPackager.TicksPerMillisecond, (end - schedule.StartOf(i)) * MssPackager.TicksPerMillisecond));
        }

        return segments;
    }

    void WriteChunks(IReadOnlyList<ListedSegment> segments)
    {
        for (var i = 0; i < segments.Count; i++)
        {
            var duration = segments[i].Duration;
            if (set.Timeline.IsLive)
            {
                var time = i == 0 ? string.Create(CultureInfo.InvariantCulture, $"t=\"{segments[0].Start}\" ") : "";
                _xml.Append(CultureInfo.InvariantCulture, $"    <c {time}d=\"{duration}\"/>\n");
            }
            else
            {
                _xml.Append(CultureInfo.InvariantCulture, $"    <c n=\"{i}\" d=\"{duration}\"></c>\n");
            }
        }
    }
}
