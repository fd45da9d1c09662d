using System.Globalization;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Media.Languages;
using Tributary.Media.Sets;

namespace Tributary.Media.Packaging.Vod.Hls;

/// <summary>Master playlists of files (RFC 8216 §4.3.4).</summary>
/// <remarks>
/// 1. Closed captions, sound and captions that are chosen apart; 2. a variant for every picture (for every codec of sound, where players choose among them);
/// 3. I-frame playlists, where segments are transport streams of one clip.
/// </remarks>
sealed class VodMasterPlaylist(MediaSet set, VodPlace place)
{
    readonly StringBuilder _playlist = new("#EXTM3U\n");
    readonly HlsPackagingOptions _options = set.Options.Hls;

    internal string Write()
    {
        var tracks = set.ReferenceTracks;
        var alternatives = Renditions.AlternativeAudio(tracks, _options.ForceUnmuxedSegments);
        var captions = set.ReferenceCaptions;
        WriteClosedCaptions();
        WriteAudio(alternatives);
        WriteSubtitles(captions);
        if (alternatives.Count == 0)
        {
            WriteVariants(Renditions.Muxed(tracks), null, captions.Count > 0);
        }
        else
        {
            WriteGroups(tracks, alternatives, captions.Count > 0);
        }

        WriteIFrames(tracks, alternatives);
        return _playlist.ToString();
    }

    void WriteClosedCaptions()
    {
        foreach (var captions in set.Description.ClosedCaptions ?? [])
        {
            var language = captions.Language.Length > 0 ? $"LANGUAGE=\"{Quotable(captions.Language)}\"," : "";
            var chosen = captions.Default ?? true ? "YES" : "NO";
            _playlist.Append("#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc0\",");
            _playlist.Append($"NAME=\"{Quotable(captions.Label)}\",{language}AUTOSELECT=YES,DEFAULT={chosen},INSTREAM-ID=\"{Quotable(captions.Id)}\"\n");
        }

        Separate(set.Description.ClosedCaptions?.Count > 0);
    }

    // What the configuration leaves open is not decided for the player: without a word from the mapping no track is the default.
    void WriteAudio(IReadOnlyList<SetTrack> alternatives)
    {
        Separate(alternatives.Count > 0);
        foreach (var track in alternatives)
        {
            var chosen = track.SequenceDescription.Default == true ? "YES" : "NO";
            _playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{GroupOf(track)}\",NAME=\"{Quotable(Renditions.LabelOf(track))}\",");
            _playlist.Append(LanguageOf(track.Language)).Append($"AUTOSELECT={chosen},DEFAULT={chosen},");
            _playlist.Append(CultureInfo.InvariantCulture, $"CHANNELS=\"{track.Info.Channels}\",URI=\"{IndexOf([track])}\"\n");
        }

        Separate(alternatives.Count > 0);
    }

    void WriteSubtitles(IReadOnlyList<SetCaptions> captions)
    {
        Separate(captions.Count > 0);
        for (var i = 0; i < captions.Count; i++)
        {
            var sequence = captions[i].SequenceDescription;
            var label = sequence.Label.Length > 0 ? sequence.Label : Renditions.LabelOf(sequence.Language);
            var chosen = sequence.Default ?? (i == 0 && captions.All(other => other.SequenceDescription.Default is null)) ? "YES" : "NO";
            var file = $"{_options.IndexFileNamePrefix}{TrackNames.SequenceOf(set, captions[i].Sequence, sequence)}.m3u8";
            _playlist.Append($"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs0\",NAME=\"{Quotable(label)}\",{LanguageOf(sequence.Language)}");
            _playlist.Append($"AUTOSELECT={chosen},DEFAULT={chosen},URI=\"{place.UrlOf(place.BaseUrl, _options.AbsoluteMasterUrls, file)}\"\n");
        }

        Separate(captions.Count > 0);
    }

    void WriteGroups(IReadOnlyList<SetTrack> tracks, IReadOnlyList<SetTrack> alternatives, bool hasSubtitles)
    {
        var video = tracks.Where(track => track.Kind == TrackKind.Video).ToArray();
        var groups = alternatives.GroupBy(GroupOf).ToArray();
        foreach (var group in groups)
        {
            var sound = group.First();
            IReadOnlyList<Rendition> renditions = video.Length == 0
                ? [new Rendition(null, sound)]
                : [.. video.Select(picture => new Rendition(picture, sound))];
            WriteVariants(renditions, group.Key, hasSubtitles, alternatives[0]);
            Separate(groups.Length > 1 && group != groups[^1]);
        }
    }

    void WriteVariants(IReadOnlyList<Rendition> renditions, string? group, bool hasSubtitles, SetTrack? muxedSound = null)
    {
        foreach (var rendition in renditions)
        {
            _playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={rendition.Bitrate},");
            if (rendition.AverageBitrate > 0)
            {
                _playlist.Append(CultureInfo.InvariantCulture, $"AVERAGE-BANDWIDTH={rendition.AverageBitrate},");
            }

            WritePicture(rendition.Video);
            _playlist.Append($"CODECS=\"{string.Join(',', rendition.Tracks.Select(track => track.Info.CodecString))}\"");
            WriteRange(rendition.Video);
            _playlist.Append(group is null ? "" : $",AUDIO=\"{group}\"");
            _playlist.Append(hasSubtitles ? ",SUBTITLES=\"subs0\"" : "");
            _playlist.Append(set.Description.ClosedCaptions is { } captions ? captions.Count > 0 ? ",CLOSED-CAPTIONS=\"cc0\"" : ",CLOSED-CAPTIONS=NONE" : "");
            _playlist.Append('\n').Append(IndexOf(InSegments(rendition, muxedSound))).Append('\n');
        }
    }

    IReadOnlyList<SetTrack> InSegments(Rendition rendition, SetTrack? muxedSound) =>
        rendition.Video is null || !_options.ForceUnmuxedSegments
            ? (rendition with { Audio = muxedSound ?? rendition.Audio }).Tracks
            : [rendition.Video];

    void WritePicture(SetTrack? video)
    {
        if (video is not null)
        {
            var rate = FrameRate.Milli(video);
            _playlist.Append(CultureInfo.InvariantCulture, $"RESOLUTION={video.Info.Width}x{video.Info.Height},");
            _playlist.Append(CultureInfo.InvariantCulture, $"FRAME-RATE={rate / 1000}.{rate % 1000:000},");
        }
    }

    void WriteRange(SetTrack? video)
    {
        const int SmpteSt2084 = 16;
        const int HybridLogGamma = 18;
        _playlist.Append(video?.Source.Colour.Transfer switch { SmpteSt2084 => ",VIDEO-RANGE=PQ", HybridLogGamma => ",VIDEO-RANGE=HLG", _ => "" });
    }

    void WriteIFrames(IReadOnlyList<SetTrack> tracks, IReadOnlyList<SetTrack> alternatives)
    {
        Separate(true);
        if (!_options.OutputIframesPlaylist || set.Timeline.ClipCount != 1 || set.Timeline.IsLive || _options.Encryption != HlsEncryption.None)
        {
            return;
        }

        foreach (var rendition in Renditions.Muxed(tracks))
        {
            if (rendition.Video is not { } video || HlsForm.Of(_options.Container, tracks).Container != HlsSegments.MpegTs)
            {
                continue;
            }

            var sound = alternatives.Count > 0 ? alternatives[0] : rendition.Audio;
            var held = InSegments(rendition, sound);
            _playlist.Append(CultureInfo.InvariantCulture, $"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={KeyFrames.Bitrate(video)},");
            _playlist.Append(CultureInfo.InvariantCulture, $"RESOLUTION={video.Info.Width}x{video.Info.Height},CODECS=\"{video.Info.CodecString}\",");
            _playlist.Append($"URI=\"{UrlOf(_options.IframesFileNamePrefix, held)}\"\n");
        }
    }

    string IndexOf(IReadOnlyList<SetTrack> tracks) => UrlOf(_options.IndexFileNamePrefix, tracks);

    string UrlOf(string prefix, IReadOnlyList<SetTrack> tracks)
    {
        var path = _options.AbsoluteMasterUrls && place.BaseUrl.Length > 0 && place.BaseUrl[^1] != '/' ? TrackNames.OwnPath(tracks) : null;
        return place.UrlOf(place.BaseUrl, _options.AbsoluteMasterUrls, $"{prefix}{TrackNames.Of(set, tracks, path is not null || set.Description.Sequences.Count == 1)}.m3u8", path);
    }

    static string GroupOf(SetTrack track) => track.Info.Codec switch { Codec.Ac3 => "audio1", Codec.Eac3 => "audio2", _ => "audio0" };

    static string LanguageOf(string language) => Language.Find(language) is { } known ? $"LANGUAGE=\"{known.Short}\"," : "";

    // What a quoted string cannot hold (RFC 8216 §4.2), whatever a mapping or a file calls its tracks.
    static string Quotable(string text) => text.AsSpan().IndexOfAny('"', '\n', '\r') < 0 ? text : text.Replace('"', '\'').Replace('\n', ' ').Replace('\r', ' ');

    // Sections stand apart by an empty line.
    void Separate(bool needed)
    {
        if (needed && !_playlist.ToString(_playlist.Length - 2, 2).Equals("\n\n", StringComparison.Ordinal))
        {
            _playlist.Append('\n');
        }
    }
}
