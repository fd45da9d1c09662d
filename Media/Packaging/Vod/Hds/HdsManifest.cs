using System.Globalization;
using System.Security;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Languages;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hds;

/// <summary>The Flash media manifest (Adobe F4M specification 1.0): a media element for each picture with its sound, one for each other language of sound.</summary>
sealed class HdsManifest(MediaSet set, string id)
{
    readonly StringBuilder _xml = new();

    /// <param name="Alternate">A sound of another language; null for a picture with its sound.</param>
    readonly record struct Medium(SetTrack[] Tracks, SetTrack? Alternate);

    internal string Write()
    {
        var tracks = HdsPackager.Carried(set.ReferenceTracks);
        var alternatives = Renditions.AlternativeAudio(tracks, always: false);
        var media = Media(tracks, alternatives);
        _xml.Append("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<manifest\n  xmlns=\"http://ns.adobe.com/f4m/1.0\">\n");
        _xml.Append($"  <id>{SecurityElement.Escape(id)}</id>\n");
        if (!set.Timeline.IsLive)
        {
            var duration = set.TimelineOf(tracks).TotalDuration;
            _xml.Append(CultureInfo.InvariantCulture, $"  <duration>{duration / 1_000}.{duration % 1_000:d3}</duration>\n");
        }

        _xml.Append($"  <streamType>{(set.Timeline.IsLive ? "live" : "recorded")}</streamType>\n");
        if (alternatives.Count > 0)
        {
            _xml.Append($"  <label>{SecurityElement.Escape(Renditions.LabelOf(alternatives[0]))}</label>\n");
            _xml.Append($"  <lang>{Language.Tag(alternatives[0].Language)}</lang>\n");
        }

        for (var i = 0; i < media.Count; i++)
        {
            WriteBootstrap(media[i], i);
        }

        for (var i = 0; i < media.Count; i++)
        {
            WriteMedium(media[i], i);
        }

        return _xml.Append("</manifest>\n").ToString();
    }

    static List<Medium> Media(SetTrack[] tracks, IReadOnlyList<SetTrack> alternatives)
    {
        if (alternatives.Count == 0)
        {
            return [.. Renditions.Muxed(tracks).Select(static rendition => new Medium([.. rendition.Tracks], null))];
        }

        var video = tracks.Where(static track => track.Kind == TrackKind.Video);
        return
        [
            .. video.Select(picture => new Medium([picture, alternatives[0]], null)),
            .. alternatives.Skip(1).Select(static sound => new Medium([sound], sound)),
        ];
    }

    void WriteBootstrap(Medium medium, int number)
    {
        _xml.Append(CultureInfo.InvariantCulture, $"  <bootstrapInfo\n    profile=\"named\"\n    id=\"bootstrap{number}\"");
        _xml.Append(set.Timeline.IsLive
            ? $"\n    url=\"bootstrap{TrackNames.Of(set, medium.Tracks)}.abst\"/>\n"
            : $">{Convert.ToBase64String(HdsBootstrap.Write(set, medium.Tracks))}</bootstrapInfo>\n");
    }

    void WriteMedium(Medium medium, int number)
    {
        var bitrate = medium.Tracks.Sum(static track => track.Bitrate) / 1_000;
        _xml.Append(CultureInfo.InvariantCulture, $"  <media\n    bitrate=\"{bitrate}\"\n");
        if (medium.Tracks.FirstOrDefault(static track => track.Kind == TrackKind.Video) is { } video)
        {
            _xml.Append(CultureInfo.InvariantCulture, $"    width=\"{video.Info.Width}\"\n    height=\"{video.Info.Height}\"\n");
        }

        if (medium.Alternate is { } sound)
        {
            _xml.Append($"    type=\"audio\"\n    label=\"{SecurityElement.Escape(Renditions.LabelOf(sound))}\"\n");
            _xml.Append($"    lang=\"{Language.Tag(sound.Language)}\"\n    alternate=\"true\"\n");
        }

        _xml.Append($"    url=\"{set.Options.Hds.FragmentFileNamePrefix}{TrackNames.Of(set, medium.Tracks)}-\"\n");
        _xml.Append(CultureInfo.InvariantCulture, $"    bootstrapInfoId=\"bootstrap{number}\">\n");
        _xml.Append($"    <metadata>{Convert.ToBase64String(HdsMetadata.Write(medium.Tracks, set.Timeline.IsLive))}</metadata>\n  </media>\n");
    }
}
