using System.Numerics;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

/// <summary>
/// The master playlist of a live window (RFC 8216 §4.3.4). In CMAF form each video track is a variant with the audio tracks of one codec as its
/// group; as transport stream each video track is muxed with the first audio track. Audio alone is a variant.
/// </summary>
static class MasterPlaylist
{
    /// <summary>Null where the form cannot carry anything of the stream.</summary>
    public static PlaylistText? Render(WindowView view, HlsForm form, Func<TrackInfo, bool> tsCarries)
    {
        var live = view.Offered.Where(view.HasMedia).Where(track => form == HlsForm.Cmaf || tsCarries(track.Info)).ToList();
        var videos = live.Where(track => track.Kind == TrackKind.Video).ToList();
        var audios = live.Where(track => track.Kind == TrackKind.Audio).ToList();
        if (live.Count == 0)
        {
            return null;
        }

        var writer = new PlaylistWriter();
        writer.Add(form == HlsForm.Cmaf ? "#EXTM3U\n#EXT-X-VERSION:7\n"u8 : "#EXTM3U\n#EXT-X-VERSION:3\n"u8);
        if (videos.Count == 0 || form == HlsForm.Ts)
        {
            WriteMuxed(writer, view, form, videos, audios, tsCarries);
        }
        else
        {
            WriteDemuxed(writer, view, videos, audios);
        }

        return new PlaylistText(writer.Written);
    }

    static void WriteMuxed(PlaylistWriter writer, WindowView view, HlsForm form, List<TrackView> videos, List<TrackView> audios, Func<TrackInfo, bool> tsCarries)
    {
        if (videos.Count == 0)
        {
            audios.ForEach(audio => WriteVariant(writer, view, form, null, audio, [audio], null));
        }

        foreach (var video in videos)
        {
            // One transport stream is one rendition's.
            var first = view.Tracks.FirstOrDefault(track => track.Kind == TrackKind.Audio && track.Rendition == video.Rendition && view.HasMedia(track) && tsCarries(track.Info));
            WriteVariant(writer, view, form, video, first, first is null ? [] : [first], null);
        }
    }

    static void WriteDemuxed(PlaylistWriter writer, WindowView view, List<TrackView> videos, List<TrackView> audios)
    {
        var groups = Groups(view.Choice, videos, audios);
        foreach (var (id, _, tracks) in groups)
        {
            tracks.ForEach(track => WriteAudio(writer, view.Choice, id, track, isDefault: track == tracks[0]));
        }

        foreach (var video in videos)
        {
            var own = groups.Where(group => group.Videos.Contains(video)).ToList();
            if (own.Count == 0)
            {
                WriteVariant(writer, view, HlsForm.Cmaf, video, null, [], null);
            }

            own.ForEach(group => WriteVariant(writer, view, HlsForm.Cmaf, video, null, group.Audios, group.Id));
        }

        if (view.Choice.AudioOnly && groups.FirstOrDefault() is { Audios: [var first, ..] } smallest)
        {
            WriteVariant(writer, view, HlsForm.Cmaf, null, first, smallest.Audios, smallest.Id);
        }
    }

    // The sounds of one codec together, each with every picture, unless somebody says which go together.
    static List<(string Id, List<TrackView> Videos, List<TrackView> Audios)> Groups(TrackChoice choice, List<TrackView> videos, List<TrackView> audios)
    {
        var chosen = choice.Groups.SelectMany(group => audios.Where(audio => group.Value.Contains(audio.Name)).GroupBy(audio => audio.Info.Codec)
            .Select(sounds => (group.Key, videos.Where(video => group.Value.Contains(video.Name)).ToList(), choice.InOrder(sounds)))).ToList();
        return choice.Groups.Count > 0 ? chosen
            : [.. audios.GroupBy(audio => audio.Info.Codec).Select(sounds => ("audio" + (int)sounds.Key, videos, choice.InOrder(sounds)))];
    }

    static void WriteAudio(PlaylistWriter writer, TrackChoice choice, string group, TrackView track, bool isDefault)
    {
        writer.Add("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\""u8).Add(group).Add("\",NAME=\""u8);
        writer.Add(choice.Labels.TryGetValue(track.Name, out var label) ? label : $"Audio {track.Name[1..]}").Add("\""u8);
        if (choice.LanguageOf(track) is { } language)
        {
            writer.Add(",LANGUAGE=\""u8).Add(language).Add("\""u8);
        }

        writer.Add(isDefault ? ",DEFAULT=YES,AUTOSELECT=YES"u8 : ",DEFAULT=NO,AUTOSELECT=YES"u8);
        if (track.Info.Channels > 0)
        {
            writer.Add(",CHANNELS=\""u8).Add(track.Info.Channels).Add("\""u8);
        }

        writer.Add(",URI=\"index-"u8).Add(track.Name).Add(".m3u8\"\n"u8);
    }

    // `audio` is in the variant's own segments; `sounds` are the tracks that a player may need together with it.
    static void WriteVariant(
        PlaylistWriter writer, WindowView view, HlsForm form, TrackView? video, TrackView? audio, List<TrackView> sounds, string? group)
    {
        var peak = Peak(form, video) + sounds.Select(sound => Peak(form, sound)).DefaultIfEmpty().Max();
        var average = Average(view, form, video) + sounds.Select(sound => Average(view, form, sound)).DefaultIfEmpty().Max();
        var bandwidth = RoundUp(peak + peak / 10);
        writer.Add("#EXT-X-STREAM-INF:BANDWIDTH="u8).Add(bandwidth);
        writer.Add(",AVERAGE-BANDWIDTH="u8).Add(Math.Min(RoundUp(average), bandwidth));
        string[] codecs = [.. sounds.Take(1).Prepend(video).OfType<TrackView>().Select(track => track.Info.CodecString)];
        if (codecs.All(codec => codec.Length > 0))
        {
            writer.Add(",CODECS=\""u8).Add(string.Join(',', codecs)).Add("\""u8);
        }

        if (video is not null)
        {
            WritePicture(writer, video);
        }

        if (group is not null)
        {
            writer.Add(",AUDIO=\""u8).Add(group).Add("\""u8);
        }

        writer.Add(",CLOSED-CAPTIONS=NONE\nindex"u8);
        foreach (var track in (ReadOnlySpan<TrackView?>)[video, audio])
        {
            if (track is not null)
            {
                writer.Add("-"u8).Add(track.Name);
            }
        }

        writer.Add(".m3u8\n"u8);
    }

    static void WritePicture(PlaylistWriter writer, TrackView video)
    {
        if (video.Info is { Width: > 0, Height: > 0 } size)
        {
            writer.Add(",RESOLUTION="u8).Add(size.Width).Add("x"u8).Add(size.Height);
        }

        if (video.Measured.MilliFramesPerSecond > 0)
        {
            writer.Add(",FRAME-RATE="u8).AddDecimal(video.Measured.MilliFramesPerSecond, 3);
        }
    }

    static long Peak(HlsForm form, TrackView? track) =>
        track is null ? 0 : form == HlsForm.Ts ? track.Measured.PeakTsBitrate : track.Measured.PeakBitrate;

    static long Average(WindowView view, HlsForm form, TrackView? track)
    {
        if (track is null)
        {
            return 0;
        }

        var (bytes, ticks) = (0L, 0L);
        for (var msn = track.First; msn < track.End; msn++)
        {
            if (view.Segment(track, msn)?.Track(track.Slot) is { IsGap: false } segment)
            {
                bytes += form == HlsForm.Ts ? segment.TsLengthBound : segment.Length;
                ticks += segment.Duration90k;
            }
        }

        return ticks <= 0 ? 0 : TrackMeasure.BitsPerSecond(bytes, ticks, MediaTime.Hz90k);
    }

    // Up to the next sixteenth of its power of two: what was published stays right while the measured value moves a little.
    internal static long RoundUp(long bits)
    {
        var step = Math.Max(1, 1L << Math.Max(0, BitOperations.Log2((ulong)Math.Max(bits, 1)) - 4));
        return Math.Max(step, (bits + step - 1) / step * step);
    }
}
