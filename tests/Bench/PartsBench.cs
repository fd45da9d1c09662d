using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>
/// Low-latency HLS with parts of 500 ms at 30 frames per second. "last" is the time from the sending of a part's last frame to the blocking reload
/// that lists it, which holds the 33 ms until the next frame says how long that one was; "cut" is the time from the sending of that next frame.
/// Many viewers wait for the same part; each opens a connection of its own in this very process, whose cost is in the figures.
/// </summary>
static class PartsBench
{
    const int Seconds = 20;

    public static async Task Run()
    {
        var tags = await FlvFile.Read(BenchSource.Make(20, keyFrameSeconds: 1));
        var table = new Table("parts", "viewers", "parts", "answers_per_second", "last_p50_ms", "last_p99_ms", "cut_p50_ms", "cut_p99_ms", "server_cores", "server_mb");
        foreach (var viewers in (int[])[1, 100, 500])
        {
            await using var server = await ServerUnderTest.Start(new Dictionary<string, string> { ["Live__SegmentDuration"] = "00:00:01" });
            await Measure(table, server, tags, viewers);
        }

        table.Print();
    }

    static async Task Measure(Table table, ServerUnderTest server, IReadOnlyList<FlvTag> tags, int viewers)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", server.RtmpPort);
        var (client, output) = PublishLoad.Introduce(socket, server.RtmpPort, "parts");
        using var ending = new CancellationTokenSource();
        var sent = new long[30 * 120];
        var pictures = 0;
        var publishing = Task.Run(() => ListingBench.Publish(socket, client, output, tags, () => sent[pictures++] = Stopwatch.GetTimestamp(), ending.Token, keyFramesOnly: false));
        await server.Answers("/live/parts/index-v1.m3u8", TimeSpan.FromSeconds(20));
        var before = server.Usage;
        var started = Stopwatch.GetTimestamp();
        var all = await Task.WhenAll(Enumerable.Range(0, viewers).Select(_ => Task.Run(() => Watch(server, sent))));
        var (elapsed, after) = (Stopwatch.GetElapsedTime(started).TotalSeconds, server.Usage);
        await ending.CancelAsync();
        await publishing;
        var last = all.SelectMany(delays => delays.Select(delay => delay.Last)).Order().ToArray();
        var cut = all.SelectMany(delays => delays.Select(delay => delay.Cut)).Order().ToArray();
        table.Add(viewers, all[0].Count, last.Length / elapsed, last[last.Length / 2], last[(int)(last.Length * 0.99)],
            cut[cut.Length / 2], cut[(int)(cut.Length * 0.99)], after.CoresSince(before), Math.Round(after.ResidentMegabytes));
    }

    // Milliseconds since the last frame of each part, and since the frame after it.
    static async Task<List<(double Last, double Cut)>> Watch(ServerUnderTest server, long[] sent)
    {
        var delays = new List<(double Last, double Cut)>();
        var place = Edge(await server.Http.GetStringAsync("/live/parts/index-v1.m3u8"));
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started).TotalSeconds < Seconds;)
        {
            var text = await server.Http.GetStringAsync($"/live/parts/index-v1.m3u8?_HLS_msn={place.Msn}&_HLS_part={place.Part}");
            var now = Stopwatch.GetTimestamp();
            place = Edge(text);
            delays.Add((Stopwatch.GetElapsedTime(sent[place.Frames - 1], now).TotalMilliseconds, Stopwatch.GetElapsedTime(sent[place.Frames], now).TotalMilliseconds));
        }

        return delays;
    }

    // The place after the last that is listed, and the frames up to there: segments of a second that count from 0.
    static (long Msn, int Part, int Frames) Edge(string text)
    {
        var (msn, part, ticks) = (0L, 0, 0m);
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("#EXT-X-MEDIA-SEQUENCE:", StringComparison.Ordinal))
            {
                msn = long.Parse(line[22..], CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("#EXT-X-PART:DURATION=", StringComparison.Ordinal))
            {
                (part, ticks) = (part + 1, ticks + decimal.Parse(line[21..].Split(',')[0], CultureInfo.InvariantCulture));
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                (msn, part, ticks) = (msn + 1, 0, 0);
            }
        }

        return (msn, part, (int)(msn * 30 + Math.Round(ticks * 30)));
    }
}
