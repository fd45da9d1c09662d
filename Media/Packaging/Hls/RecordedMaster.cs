using Tributary.Media.Frames;
using Tributary.Media.Journal;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Hls;

/// <summary>The master playlist of a recorded timeline (RFC 8216 §4.3.4): each video rendition a variant, the audio renditions their group.</summary>
public static class RecordedMaster
{
    /// <param name="timeline">What is listed.</param>
    /// <param name="query">Goes on to every playlist, with its question mark; or empty.</param>
    /// <returns>Null where nothing can be played.</returns>
    public static PlaylistText? Render(RecordedTimeline timeline, string query = "")
    {
        int[] listed = [.. timeline.Offered.Where(rendition => timeline.End(rendition) > 0 && timeline.Track(rendition) is not null)];
        if (listed.Length == 0)
        {
            return null;
        }

        int[] videos = [.. listed.Where(rendition => timeline.Renditions[rendition][0] == 'v')], audios = [.. listed.Except(videos)];
        var writer = new PlaylistWriter();
        writer.Add("#EXTM3U\n#EXT-X-VERSION:7\n"u8);
        if (videos.Length == 0)
        {
            Array.ForEach(audios, audio => WriteVariant(writer, timeline, audio, [], query));
        }
        else
        {
            Array.ForEach(audios, audio => WriteAudio(writer, timeline, audio, audio == audios[0], query));
            Array.ForEach(videos, video => WriteVariant(writer, timeline, video, audios, query));
        }

        return new PlaylistText(writer.Written);
    }

    static void WriteAudio(PlaylistWriter writer, RecordedTimeline timeline, int rendition, bool isDefault, string query)
    {
        var info = timeline.Track(rendition)!.Info;
        writer.Add("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio "u8).Add(timeline.Renditions[rendition][1..]).Add("\""u8);
        if (info.Language is { Length: > 0 and <= 35 } language && language.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'))
        {
            writer.Add(",LANGUAGE=\""u8).Add(language).Add("\""u8);
        }

        writer.Add(isDefault ? ",DEFAULT=YES,AUTOSELECT=YES"u8 : ",DEFAULT=NO,AUTOSELECT=YES"u8);
        if (info.Channels > 0)
        {
            writer.Add(",CHANNELS=\""u8).Add(info.Channels).Add("\""u8);
        }

        writer.Add(",URI=\"index-"u8).Add(timeline.Renditions[rendition]).Add(".m3u8"u8).Add(query).Add("\"\n"u8);
    }

    static void WriteVariant(PlaylistWriter writer, RecordedTimeline timeline, int rendition, int[] audios, string query)
    {
        var info = timeline.Track(rendition)!.Info;
        var (peak, average) = Bitrates(timeline, rendition);
        foreach (var audio in audios.Take(1))
        {
            var (more, moreAverage) = Bitrates(timeline, audio);
            (peak, average) = (peak + more, average + moreAverage);
        }

        writer.Add("#EXT-X-STREAM-INF:BANDWIDTH="u8).Add(Math.Max(peak, 1)).Add(",AVERAGE-BANDWIDTH="u8).Add(Math.Clamp(average, 1, Math.Max(peak, 1)));
        string[] codecs = [info.CodecString, .. audios.Take(1).Select(audio => timeline.Track(audio)!.Info.CodecString)];
        if (codecs.All(static codec => codec.Length > 0))
        {
            writer.Add(",CODECS=\""u8).Add(string.Join(',', codecs)).Add("\""u8);
        }

        if (info is { Width: > 0, Height: > 0 })
        {
            writer.Add(",RESOLUTION="u8).Add(info.Width).Add("x"u8).Add(info.Height);
        }

        if (info.MilliFramesPerSecond > 0)
        {
            writer.Add(",FRAME-RATE="u8).AddDecimal(info.MilliFramesPerSecond, 3);
        }

        writer.Add(audios.Length > 0 ? ",AUDIO=\"audio\",CLOSED-CAPTIONS=NONE\nindex-"u8 : ",CLOSED-CAPTIONS=NONE\nindex-"u8);
        writer.Add(timeline.Renditions[rendition]).Add(".m3u8"u8).Add(query).End();
    }

    // A share that was cut short counts as half a target duration at least, as RFC 8216 §4.3.4.2 measures peaks.
    static (long Peak, long Average) Bitrates(RecordedTimeline timeline, int rendition)
    {
        var (peak, bytes, ticks) = (0L, 0L, 0L);
        for (var index = 0; index < timeline.End(rendition); index++)
        {
            if (timeline.Numbers[index].Piece(rendition) is { Share: { IsGap: false, Duration: > 0 } share })
            {
                var half90k = (timeline.Numbers[index].Mark?.TargetDuration ?? 2) * (long)MediaTime.Hz90k / 2;
                peak = Math.Max(peak, TrackMeasure.BitsPerSecond(share.Length, Math.Max(share.Duration90k, half90k), MediaTime.Hz90k));
                (bytes, ticks) = (bytes + share.Length, ticks + share.Duration90k);
            }
        }

        return (peak, ticks > 0 ? TrackMeasure.BitsPerSecond(bytes, ticks, MediaTime.Hz90k) : 0);
    }
}
