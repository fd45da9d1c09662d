using Tributary.Media.Frames;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Media.Packaging.Dash;

/// <summary>
/// The MPD of a live window (ISO/IEC 23009-1 §5), over the segments that HLS has too. Time is the wall clock of the marks: availabilityStartTime is
/// the Unix epoch for ever, and a period starts where its discontinuity stood on the clock, whoever writes it and when; one that began because a track failed
/// is known only to who listed its beginning (<see cref="DashPeriod"/>).
/// </summary>
/// <param name="view">The window.</param>
/// <param name="periods">What is listed.</param>
/// <param name="lowLatency">Whether the segment that is being cut is listed, to be fetched chunk by chunk.</param>
/// <param name="before">The publishTime of the manifest before: it never goes back, though a number that is begun anew ends the list earlier for a moment.</param>
sealed class DashManifest(WindowView view, IReadOnlyList<DashPeriod> periods, bool lowLatency, DateTimeOffset before)
{
    // Seconds of latency that players aim at beyond three parts: a request, a decoder, and a clock that is a little off.
    const int LatencyMargin90k = MediaTime.Hz90k;

    // A lost source is waited for at most so long.
    const int LongestPause = 3_600;

    // What is between periods and less than this is rounding, or one track's last frame.
    static readonly TimeSpan Seam = TimeSpan.FromMilliseconds(100);

    /// <summary>MPD@publishTime: where the list ends (ISO/IEC 23009-1 §5.3.1.2).</summary>
    public DateTimeOffset Published { get; private set; } = before;

    /// <summary>Null where no segment is listed.</summary>
    public PlaylistText? Render()
    {
        if (periods.Count == 0)
        {
            return null;
        }

        var timelines = periods.Select(period => period.Tracks
            .Select(track => new DashTimeline(view, track, period, lowLatency)).Where(timeline => timeline.Entries.Count > 0).ToList()).ToList();
        var ends = periods.Zip(timelines, (period, tracks) => tracks.Select(timeline => period.Start + timeline.Length).DefaultIfEmpty(period.Start).Max());
        var writer = new PlaylistWriter();
        WriteHead(writer, periods[0], ends.Max());
        foreach (var (index, (period, tracks)) in periods.Zip(timelines).Index().Where(one => one.Item.Second.Count > 0))
        {
            writer.Add("<Period id=\""u8).Add(period.Id).Add("\" start=\"PT"u8).Add(SinceEpoch(period.Start));
            WriteDuration(writer, period, tracks.Max(timeline => timeline.Length), index + 1 < periods.Count ? periods[index + 1].Start : null);
            new DashAdaptationSets(writer, view, period, lowLatency).Write(tracks);
            writer.Add("</Period>\n"u8);
        }

        WriteClock(writer);
        writer.Add("</MPD>\n"u8);
        return new PlaylistText(writer.Written);
    }

    // A period that nothing follows at once says where it ends: else it lasts until the next, and a player waits for media that never comes, or looks for
    // some in between when it makes up for lost time (ISO/IEC 23009-1 §5.3.2.1).
    static void WriteDuration(PlaylistWriter writer, DashPeriod period, TimeSpan length, DateTimeOffset? next)
    {
        if (next - (period.Start + length) > Seam)
        {
            writer.Add("S\" duration=\"PT"u8).AddSeconds(length.Ticks, (int)TimeSpan.TicksPerSecond);
        }

        writer.Add("S\">\n"u8);
    }

    /// <summary>Seconds, to the microsecond, since the epoch that is availabilityStartTime.</summary>
    static string SinceEpoch(DateTimeOffset time) => FormattableString.Invariant($"{(time - DateTimeOffset.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerSecond:0.000000}");

    void WriteHead(PlaylistWriter writer, DashPeriod first, DateTimeOffset end)
    {
        Published = end > Published ? end : Published;
        writer.Add("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\""u8);
        writer.Add(" type=\"dynamic\" availabilityStartTime=\"1970-01-01T00:00:00Z\" publishTime=\""u8).Add(Published).Add("\""u8);
        if (view.Pause == WindowPause.OffAir)
        {
            writer.Add(" mediaPresentationDuration=\"PT"u8).Add(SinceEpoch(end)).Add("S\""u8);
        }
        else
        {
            // A player looks twice per segment, so that it never meets the end of what it knows; in low latency as often as a part comes.
            var update = lowLatency ? Math.Max(Part90k, MediaTime.Hz90k / 2) : view.TargetDuration * (long)MediaTime.Hz90k / 2;
            writer.Add(" minimumUpdatePeriod=\"PT"u8).AddSeconds(update, MediaTime.Hz90k).Add("S\""u8);
        }

        // While nothing comes the end of the list grows older: who waits there has to stay within what may be played.
        var listed = (long)(end - Later(first)).TotalSeconds + (view.Pause == WindowPause.SourceLost ? LongestPause : 0);
        writer.Add(" timeShiftBufferDepth=\"PT"u8).Add(Math.Max(listed, 1)).Add("S\" maxSegmentDuration=\"PT"u8).Add(view.TargetDuration);
        writer.Add("S\" minBufferTime=\"PT"u8).AddSeconds(lowLatency ? Part90k : view.TargetDuration * (long)MediaTime.Hz90k, MediaTime.Hz90k);
        writer.Add("S\" suggestedPresentationDelay=\"PT"u8);
        writer.AddSeconds(lowLatency ? Latency90k : 3L * view.TargetDuration * MediaTime.Hz90k, MediaTime.Hz90k).Add("S\">\n"u8);
        if (lowLatency)
        {
            var target = Latency90k * 1_000 / MediaTime.Hz90k;
            writer.Add("<ServiceDescription id=\"0\"><Latency referenceId=\"0\" target=\""u8).Add(target).Add("\" min=\""u8).Add(target / 2);
            writer.Add("\" max=\""u8).Add(target * 3).Add("\"/><PlaybackRate min=\"0.96\" max=\"1.04\"/></ServiceDescription>\n"u8);
        }
    }

    /// <summary>Where the first listed segment stands on the clock.</summary>
    DateTimeOffset Later(DashPeriod first) => view.Segment(first.From)?.Mark?.ProgramDateTime ?? first.Start;

    long Part90k => view.PartTarget90k > 0 ? view.PartTarget90k : view.TargetDuration * (long)MediaTime.Hz90k;

    long Latency90k => 3 * Part90k + LatencyMargin90k;

    /// <summary>Every gateway has the clock at <c>/time</c>; manifests are two folders below it.</summary>
    internal static void WriteClock(PlaylistWriter writer) =>
        writer.Add("<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"../../time\"/>\n"u8);
}
