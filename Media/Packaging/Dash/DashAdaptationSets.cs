using System.Security;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Dash;

/// <summary>The AdaptationSets of one period: the video tracks of one codec together, each audio track by itself.</summary>
readonly struct DashAdaptationSets(PlaylistWriter writer, WindowView view, DashPeriod period, bool lowLatency)
{
    public void Write(List<DashTimeline> timelines)
    {
        foreach (var set in timelines.GroupBy(timeline => timeline.Track.Kind == TrackKind.Video ? -(int)timeline.Track.Info.Codec : timeline.Track.Number))
        {
            WriteSet(set.First().Track, [.. set], timelines.Any(timeline => timeline.Track.Kind == TrackKind.Video));
        }
    }

    void WriteSet(TrackView leading, DashTimeline[] timelines, bool hasPictures)
    {
        var isVideo = leading.Kind == TrackKind.Video;
        writer.Add("<AdaptationSet id=\""u8).Add(leading.Slot + 1 + (leading.Rendition - 1) * 100).Add(isVideo ? "\" contentType=\"video\" mimeType=\"video/mp4\""u8 : "\" contentType=\"audio\" mimeType=\"audio/mp4\""u8);
        if (view.Choice.LanguageOf(leading) is { } language)
        {
            writer.Add(" lang=\""u8).Add(language).Add("\""u8);
        }

        writer.Add(" segmentAlignment=\"true\" startWithSAP=\"1\">\n"u8);
        if (view.HasEvents && isVideo == hasPictures)   // the picture carries them, where there is one
        {
            writer.Add("<InbandEventStream schemeIdUri=\""u8).Add(EventMessage.Scheme[..^1]).Add("\" value=\"\"/>\n"u8);   // ISO/IEC 23009-1 §5.10.3.2
        }

        if (view.Choice.Labels.TryGetValue(leading.Name, out var label))
        {
            writer.Add("<Label>"u8).Add(SecurityElement.Escape(label)).Add("</Label>\n"u8);
        }

        if (lowLatency)
        {
            writer.Add("<ProducerReferenceTime id=\"0\" type=\"encoder\" wallClockTime=\""u8).Add(period.Start);
            writer.Add("\" presentationTime=\""u8).Add(timelines[0].Offset).Add("\">"u8);
            DashManifest.WriteClock(writer);
            writer.Add("</ProducerReferenceTime>\n"u8);
        }

        writer.Add("<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\""u8);
        writer.Add(isVideo || view.Choice.DefaultAudio.Length == 0 || leading.Name == view.Choice.DefaultAudio ? "main\"/>\n"u8 : "alternate\"/>\n"u8);
        foreach (var timeline in timelines)
        {
            WriteRepresentation(timeline, timeline.Init!.Track);
        }

        writer.Add("</AdaptationSet>\n"u8);
    }

    void WriteRepresentation(DashTimeline timeline, TrackInfo info)
    {
        var track = timeline.Track;
        writer.Add("<Representation id=\""u8).Add(track.Name).Add("\" bandwidth=\""u8).Add(MasterPlaylist.RoundUp(Math.Max(1, track.Measured.PeakBitrate)));
        if (info.CodecString.Length > 0)
        {
            writer.Add("\" codecs=\""u8).Add(info.CodecString);
        }

        if (info is { Width: > 0, Height: > 0 })
        {
            writer.Add("\" width=\""u8).Add(info.Width).Add("\" height=\""u8).Add(info.Height);
        }

        if (track.Measured.MilliFramesPerSecond is > 0 and var rate && info.Kind == TrackKind.Video)
        {
            writer.Add("\" frameRate=\""u8).Add(rate % 1_000 == 0 ? rate / 1_000 : rate).Add(rate % 1_000 == 0 ? ""u8 : "/1000"u8);
        }

        if (info.SampleRate > 0)
        {
            writer.Add("\" audioSamplingRate=\""u8).Add(info.SampleRate);
        }

        writer.Add("\">\n"u8);
        if (info.Channels > 0)
        {
            writer.Add("<AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\""u8).Add(info.Channels).Add("\"/>\n"u8);
        }

        WriteTemplate(timeline, info);
        writer.Add("</Representation>\n"u8);
    }

    void WriteTemplate(DashTimeline timeline, TrackInfo info)
    {
        var name = timeline.Track.Name;
        writer.Add("<SegmentTemplate timescale=\""u8).Add(info.Timescale).Add("\" presentationTimeOffset=\""u8).Add(timeline.Offset);
        if (lowLatency && view.PartTarget90k > 0)
        {
            var offset = Math.Max(0, view.TargetDuration * (long)MediaTime.Hz90k - view.PartTarget90k);
            writer.Add("\" availabilityTimeOffset=\""u8).AddSeconds(offset, MediaTime.Hz90k).Add("\" availabilityTimeComplete=\"false"u8);
        }

        writer.Add("\" startNumber=\""u8).Add(timeline.First).Add("\" initialization=\"init-"u8).Add(name).Add("-"u8).AddHex(timeline.Init!.Number);
        writer.Add(".mp4\" media=\"seg-$Number$-"u8).Add(name).Add(".m4s\">\n<SegmentTimeline>\n"u8);
        long? expected = null;
        foreach (var (time, ticks, repeats) in Runs(timeline.Entries))
        {
            writer.Add("<S"u8);
            if (time != expected)
            {
                writer.Add(" t=\""u8).Add(time).Add("\""u8);
            }

            writer.Add(" d=\""u8).Add(ticks).Add("\""u8);
            if (repeats > 0)
            {
                writer.Add(" r=\""u8).Add(repeats).Add("\""u8);
            }

            writer.Add("/>\n"u8);
            expected = time + ticks * (repeats + 1);
        }

        writer.Add("</SegmentTimeline>\n</SegmentTemplate>\n"u8);
    }

    // Segments of one length that follow each other without a tick between are one S.
    static List<(long Time, long Ticks, int Repeats)> Runs(List<(long Time, long Ticks)> entries)
    {
        var runs = new List<(long Time, long Ticks, int Repeats)>();
        foreach (var (time, ticks) in entries)
        {
            if (runs is [.., var last] && last.Ticks == ticks && last.Time + ticks * (last.Repeats + 1) == time)
            {
                runs[^1] = last with { Repeats = last.Repeats + 1 };
            }
            else
            {
                runs.Add((time, ticks, 0));
            }
        }

        return runs;
    }
}
