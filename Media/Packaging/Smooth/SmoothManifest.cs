using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Smooth;

/// <summary>
/// The manifest of a live window for Smooth Streaming ([MS-SSTR] §2.2.2): H.264 pictures as the qualities of one stream, each AAC sound as a stream of
/// its own. The protocol knows no discontinuity: time goes on over a change of source, and a change of configuration takes a new manifest.
/// </summary>
public static class SmoothManifest
{
    /// <summary>Null where nothing is listed that the protocol can carry.</summary>
    /// <param name="view">What is shown.</param>
    /// <param name="window">How far one may go back.</param>
    /// <param name="listed">The last number that the manifest before listed; -1 where there is none.</param>
    public static PlaylistText? Render(WindowView view, TimeSpan window, long listed = -1)
    {
        var videos = view.Offered.Where(track => SmoothCodec.Of(track.Info) is not null && track.Kind == TrackKind.Video).ToList();
        var audios = view.Offered.Where(track => SmoothCodec.Of(track.Info) is not null && track.Kind == TrackKind.Audio).ToList();
        if (!view.IsReady || videos.Count + audios.Count == 0)
        {
            return null;
        }

        var writer = new PlaylistWriter();
        writer.Add("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"2\" TimeScale=\"10000000\" Duration=\"0\" IsLive=\""u8);
        writer.Add(view.Pause == WindowPause.OffAir ? "FALSE"u8 : "TRUE"u8).Add("\" CanSeek=\"TRUE\" CanPause=\"TRUE\" LookaheadCount=\""u8).Add(SmoothTimeline.Lookahead);
        writer.Add("\" DVRWindowLength=\""u8).Add(window.Ticks).Add("\">\n"u8);
        var any = false;
        if (videos.Count > 0)
        {
            any |= WriteStream(writer, view, videos, "video", listed);
        }

        foreach (var audio in audios)
        {
            any |= WriteStream(writer, view, [audio], $"audio{audio.Number}", listed);
        }

        writer.Add("</SmoothStreamingMedia>\n"u8);
        return any ? new PlaylistText(writer.Written) : null;
    }

    /// <summary>Number of the last fragment that is listed of the leading track; -1 where there is none.</summary>
    internal static long LastOf(WindowView view, long listed)
    {
        var leading = view.Offered.Where(track => SmoothCodec.Of(track.Info) is not null).OrderBy(track => track.Kind == TrackKind.Video ? 0 : 1).FirstOrDefault();
        return leading is not null && new SmoothTimeline(view, leading, listed).Listed is [.., var last] ? last.Msn : -1;
    }

    static bool WriteStream(PlaylistWriter writer, WindowView view, List<TrackView> tracks, string name, long listed)
    {
        var chunks = new SmoothTimeline(view, tracks[0], listed).Listed;
        writer.Add("<StreamIndex Type=\""u8).Add(tracks[0].Kind == TrackKind.Video ? "video"u8 : "audio"u8).Add("\" Name=\""u8).Add(name);
        if (view.Choice.LanguageOf(tracks[0]) is { } language)
        {
            writer.Add("\" Language=\""u8).Add(language);
        }

        writer.Add("\" TimeScale=\"10000000\" QualityLevels=\""u8).Add(tracks.Count).Add("\" Chunks=\""u8).Add(chunks.Count);
        writer.Add("\" Url=\"QualityLevels({bitrate})/Fragments("u8).Add(name).Add("={start time})\">\n"u8);
        for (var index = 0; index < tracks.Count; index++)
        {
            WriteQuality(writer, index, tracks[index]);
        }

        WriteChunks(writer, chunks);
        writer.Add("</StreamIndex>\n"u8);
        return chunks.Count > 0;
    }

    static void WriteQuality(PlaylistWriter writer, int index, TrackView track)
    {
        var (info, codec) = (track.Info, SmoothCodec.Of(track.Info)!);
        writer.Add("<QualityLevel Index=\""u8).Add(index).Add("\" Bitrate=\""u8).Add(SmoothRequest.BitrateOf(MasterPlaylist.RoundUp(track.Measured.PeakBitrate), track.Number));
        writer.Add("\" FourCC=\""u8).Add(codec.FourCC).Add("\" CodecPrivateData=\""u8).Add(codec.PrivateData);
        if (track.Kind == TrackKind.Video)
        {
            writer.Add("\" MaxWidth=\""u8).Add(info.Width).Add("\" MaxHeight=\""u8).Add(info.Height);
        }
        else
        {
            writer.Add("\" SamplingRate=\""u8).Add(info.SampleRate).Add("\" Channels=\""u8).Add(info.Channels);
            writer.Add("\" BitsPerSample=\"16\" PacketSize=\"4\" AudioTag=\"255"u8);
        }

        writer.Add("\"/>\n"u8);
    }

    // r counts all fragments of a run (MinorVersion 2).
    static void WriteChunks(PlaylistWriter writer, IReadOnlyList<SmoothChunk> chunks)
    {
        long? expected = null;
        for (var index = 0; index < chunks.Count;)
        {
            var (_, time, duration) = chunks[index];
            var run = 1;
            while (index + run < chunks.Count && chunks[index + run].Duration == duration && chunks[index + run].Time == time + run * duration)
            {
                run++;
            }

            writer.Add("<c"u8);
            if (time != expected)
            {
                writer.Add(" t=\""u8).Add(time).Add("\""u8);
            }

            writer.Add(" d=\""u8).Add(duration).Add("\""u8);
            if (run > 1)
            {
                writer.Add(" r=\""u8).Add(run).Add("\""u8);
            }

            writer.Add("/>\n"u8);
            (index, expected) = (index + run, time + run * duration);
        }
    }
}
