using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using Tributary.EndToEnd.Harness;
using Tributary.Protocols.Rtmp;

namespace Tributary.Bench;

/// <summary>
/// Time from the sending of the key frame that ends a segment to the answer of a playlist that lists the segment. A viewer asks every
/// millisecond, so the figures hold one round trip and up to a millisecond of waiting.
/// </summary>
static class ListingBench
{
    const int Streams = 4, Seconds = 30;

    public static async Task Run()
    {
        var file = BenchSource.Make(20, keyFrameSeconds: 1);
        var tags = await FlvFile.Read(file);
        await using var server = await ServerUnderTest.Start(new Dictionary<string, string> { ["Live__SegmentDuration"] = "00:00:01" });
        var delays = await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => Task.Run(() => Follow(server, tags, "listing" + i, TimeSpan.FromMilliseconds(i * 237)))));
        var all = delays.SelectMany(delay => delay).Order().ToArray();
        var table = new Table("listing", "streams", "segments", "p50_ms", "p99_ms", "max_ms");
        table.Add(Streams, all.Length, all[all.Length / 2], all[(int)(all.Length * 0.99)], all[^1]);
        table.Print();
    }

    static async Task<List<double>> Follow(ServerUnderTest server, IReadOnlyList<FlvTag> tags, string stream, TimeSpan phase)
    {
        await Task.Delay(phase);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", server.RtmpPort);
        var (client, output) = PublishLoad.Introduce(socket, server.RtmpPort, stream);
        using var ending = new CancellationTokenSource(TimeSpan.FromSeconds(Seconds));
        long keySent = 0;
        var publishing = Task.Run(() => Publish(socket, client, output, tags, () => Volatile.Write(ref keySent, Stopwatch.GetTimestamp()), ending.Token));

        await server.Answers($"/live/{stream}/index-v1.m3u8", TimeSpan.FromSeconds(20));
        var (delays, listed) = (new List<double>(), "");
        while (!ending.IsCancellationRequested)
        {
            var text = await server.Http.GetStringAsync($"/live/{stream}/index-v1.m3u8", CancellationToken.None);
            var last = text.Split('\n').Last(line => line.Length > 0 && !line.StartsWith('#'));
            if (listed.Length > 0 && last != listed)
            {
                delays.Add(Stopwatch.GetElapsedTime(Volatile.Read(ref keySent)).TotalMilliseconds);
            }

            listed = last;
            await Task.Delay(1, CancellationToken.None);
        }

        await publishing;
        return delays;
    }

    /// <summary>Sends the file over and over in real time, and tells of each picture right before it is sent.</summary>
    internal static void Publish(
        Socket socket, RtmpPublishClient client, ArrayBufferWriter<byte> output, IReadOnlyList<FlvTag> tags, Action keySent, CancellationToken ending,
        bool keyFramesOnly = true)
    {
        var (started, length) = (Stopwatch.GetTimestamp(), tags[^1].Timestamp + 21);
        for (uint turn = 0; ; turn++)
        {
            foreach (var tag in tags.Where(tag => turn == 0 || !tag.IsConfiguration))
            {
                var timestamp = turn * length + tag.Timestamp;
                var ahead = TimeSpan.FromMilliseconds(timestamp) - Stopwatch.GetElapsedTime(started);
                if (ahead > TimeSpan.FromMilliseconds(1))
                {
                    Thread.Sleep(ahead);
                }

                if (ending.IsCancellationRequested)
                {
                    return;
                }

                output.ResetWrittenCount();
                PublishLoad.Write(client, tag, timestamp);
                if (tag.Type == FlvFile.Video && !tag.IsConfiguration && (!keyFramesOnly || tag.Body.Span[0] >> 4 == 1))
                {
                    keySent();
                }

                socket.Send(output.WrittenSpan);
            }
        }
    }
}
