using System.Globalization;
using System.Security;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Languages;
using Tributary.Media.Packaging.Vod.Webm;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Dash;

/// <summary>A Period (ISO/IEC 23009-1 §5.3.2): an AdaptationSet of all pictures, one for each language and codec of sound, one for each captions file.</summary>
sealed class VodDashPeriod(MediaSet set, VodPlace place, StringBuilder xml, int? clip)
{
    readonly DashPackagingOptions _options = set.Options.Dash;
    int _nextId = 1;

    internal void Write()
    {
        WriteStart();
        var tracks = clip is { } number && set.Manifest.TryGetValue(number, out var own) ? own : set.ReferenceTracks;
        foreach (var group in AdaptationSets(tracks))
        {
            WriteSet(group);
        }

        WriteCaptions();
        xml.Append("  </Period>\n");
    }

    void WriteStart()
    {
        var timeline = set.Timeline;
        if (clip is not { } number)
        {
            xml.Append(timeline.IsLive ? "  <Period id=\"0\" start=\"PT0S\">\n" : "  <Period>\n");
            return;
        }

        var id = number + (timeline.IsLive ? timeline.FirstClipNumber : 0);
        var when = timeline.IsLive
            ? $"start=\"PT{VodDashManifest.Seconds(timeline.Times[number])}S\""
            : $"duration=\"PT{VodDashManifest.Seconds(timeline.Durations[number])}S\"";
        xml.Append(CultureInfo.InvariantCulture, $"  <Period id=\"{id}\" {when}>\n");
    }

    IEnumerable<IReadOnlyList<SetTrack>> AdaptationSets(IReadOnlyList<SetTrack> tracks)
    {
        foreach (var codec in tracks.Where(track => track.Kind == TrackKind.Video).GroupBy(track => track.Info.Codec))
        {
            yield return Distinct(codec);
        }

        var alternatives = Renditions.AlternativeAudio(tracks, always: false);
        var audio = tracks.Where(track => track.Kind == TrackKind.Audio).ToArray();
        if (alternatives.Count > 0)
        {
            foreach (var alternative in alternatives)
            {
                yield return Distinct(audio.Where(track =>
                    track.Info.Codec == alternative.Info.Codec && track.Language == alternative.Language
                    && Renditions.LabelOf(track) == Renditions.LabelOf(alternative)));
            }

            yield break;
        }

        foreach (var codec in audio.GroupBy(track => track.Info.Codec))
        {
            yield return Distinct(codec);
        }
    }

    // Representations that differ by less than a player can tell apart are listed once.
    SetTrack[] Distinct(IEnumerable<SetTrack> tracks)
    {
        var distinct = new List<SetTrack>();
        foreach (var track in tracks)
        {
            if (!distinct.Exists(other => IsSame(track, other)))
            {
                distinct.Add(track);
            }
        }

        return [.. distinct];
    }

    bool IsSame(SetTrack one, SetTrack other) =>
        one.Info.Width == other.Info.Width && one.Info.Height == other.Info.Height
        && Math.Abs(one.Bitrate - other.Bitrate) < _options.DuplicateBitrateThreshold;

    void WriteSet(IReadOnlyList<SetTrack> tracks)
    {
        var first = tracks[0];
        xml.Append(CultureInfo.InvariantCulture, $"    <AdaptationSet\n        id=\"{_nextId++}\"\n");
        if (first.Kind == TrackKind.Audio && Language.Find(first.Language) is { } language)
        {
            xml.Append($"        lang=\"{language.Short}\"\n        label=\"{SecurityElement.Escape(Renditions.LabelOf(first))}\"\n");
        }

        xml.Append("        segmentAlignment=\"true\"");
        if (first.Kind == TrackKind.Video)
        {
            var fastest = tracks.MaxBy(FrameRate.Milli)!;
            xml.Append(CultureInfo.InvariantCulture, $"\n        maxWidth=\"{tracks.Max(t => t.Info.Width)}\"\n        maxHeight=\"{tracks.Max(t => t.Info.Height)}\"");
            xml.Append(CultureInfo.InvariantCulture, $"\n        maxFrameRate=\"{RateOf(fastest)}\"");
        }

        xml.Append(">\n");
        WriteChannels(first);
        var segments = new DashSegments(set, place, xml, clip, SegmentList.Of(set, tracks), ExtensionOf(first));
        segments.WriteTemplate();
        foreach (var track in tracks)
        {
            WriteRepresentation(track, segments);
        }

        xml.Append("    </AdaptationSet>\n");
    }

    // AudioChannelConfiguration is what ISO/IEC 23003-3 calls 1 for one channel, 2 for two, … 6 for 5.1.
    void WriteChannels(SetTrack track)
    {
        if (track.Kind == TrackKind.Audio)
        {
            xml.Append("      <AudioChannelConfiguration\n          schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\"\n");
            xml.Append("          value=\"1\"/>\n");
        }
    }

    void WriteRepresentation(SetTrack track, DashSegments segments)
    {
        var id = DashSegments.IdOf(set, track);
        var container = IsWebm(track) ? "webm" : "mp4";
        var kind = track.Kind == TrackKind.Video ? "video" : "audio";
        xml.Append($"      <Representation\n          id=\"{id}\"\n          mimeType=\"{kind}/{container}\"\n          codecs=\"{CodecOf(track)}\"\n");
        if (track.Kind == TrackKind.Video)
        {
            xml.Append(CultureInfo.InvariantCulture, $"          width=\"{track.Info.Width}\"\n          height=\"{track.Info.Height}\"\n");
            xml.Append($"          frameRate=\"{RateOf(track)}\"\n          sar=\"1:1\"\n");
        }
        else
        {
            xml.Append(CultureInfo.InvariantCulture, $"          audioSamplingRate=\"{track.Info.SampleRate}\"\n");
        }

        xml.Append(CultureInfo.InvariantCulture, $"          startWithSAP=\"1\"\n          bandwidth=\"{track.Bitrate}\">\n");
        segments.WriteList(track);
        xml.Append("      </Representation>\n");
    }

    void WriteCaptions()
    {
        var captions = clip is { } number && set.Captions.TryGetValue(number, out var own) ? own : set.ReferenceCaptions;
        for (var i = 0; i < captions.Count; i++)
        {
            var sequence = captions[i].SequenceDescription;
            var language = Language.Tag(sequence.Language);
            var label = sequence.Label.Length > 0 ? sequence.Label : Renditions.LabelOf(sequence.Language);
            xml.Append($"    <AdaptationSet\n        contentType=\"text\"\n        lang=\"{language}\"\n        label=\"{SecurityElement.Escape(label)}\"");
            if (_options.SubtitleFormat == DashSubtitleFormat.WebVtt)
            {
                WriteWebVtt(captions[i], language, i);
            }
            else
            {
                WriteTimedText(captions[i]);
            }

            xml.Append("    </AdaptationSet>\n");
        }
    }

    void WriteWebVtt(SetCaptions captions, string language, int number)
    {
        var file = $"sub{DashSegments.ClipSuffix(set, clip)}{TrackNames.SequenceOf(set, captions.Sequence, captions.SequenceDescription, numbered: true)}.vtt";
        xml.Append(CultureInfo.InvariantCulture, $"\n        mimeType=\"text/vtt\">\n      <Representation\n          id=\"textstream_{language}_{number}\"\n");
        xml.Append($"          bandwidth=\"0\">\n        <BaseURL>{place.UrlOf(place.BaseUrl, _options.AbsoluteManifestUrls, file)}</BaseURL>\n      </Representation>\n");
    }

    void WriteTimedText(SetCaptions captions)
    {
        xml.Append(">\n");
        var segments = new DashSegments(set, place, xml, clip, SegmentList.Of(set, []), ("ttml", "mp4"));
        segments.WriteTemplate();
        var named = TrackNames.SequenceOf(set, captions.Sequence, captions.SequenceDescription, numbered: true).TrimStart('-');
        var id = named.Length > 0 ? named : "f1";   // players put it into URLs
        xml.Append($"      <Representation\n          id=\"{id}\"\n          mimeType=\"application/mp4\"\n          codecs=\"stpp\"\n");
        xml.Append("          startWithSAP=\"1\"\n          bandwidth=\"0\">\n      </Representation>\n");
    }

    static bool IsWebm(SetTrack track) => WebmPackager.Carries(track.Info.Codec);

    static (string Segment, string Init) ExtensionOf(SetTrack track) => IsWebm(track) ? ("webm", "webm") : ("m4s", "mp4");

    static string CodecOf(SetTrack track) => track.Info.Codec switch { Codec.Vp9 => "vp9", Codec.Vp8 => "vp8", Codec.Opus => "opus", _ => track.Info.CodecString };

    static string RateOf(SetTrack video)
    {
        long numerator = video.Info.Timescale;
        long denominator = Math.Max(1, video.Source.MinFrameDuration);
        for (var (a, b) = (numerator, denominator); ;)
        {
            if (b == 0)
            {
                (numerator, denominator) = (numerator / a, denominator / a);
                break;
            }

            (a, b) = (b, a % b);
        }

        return denominator == 1 ? numerator.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{numerator}/{denominator}");
    }
}
