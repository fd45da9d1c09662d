using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Tributary.Bench;

/// <summary>
/// The platform's API as a cluster's media servers and players use it: 10,000 live entries, 2,000 registrations and 2,000 questions whether one is live in
/// each second, at fixed times, over 64 connections with requests made before; a time is counted from when the request was due. And multirequests of 200 calls,
/// and an upload in chunks with the memory that it takes.
/// </summary>
static class ApiBench
{
    const int Entries = 10_000, Each = 200, Connections = 64, PerSecond = 4_000, Seconds = 20;
    static readonly HttpClient Patient = new() { Timeout = TimeSpan.FromMinutes(2) };
    const int ChunkBytes = 64 * 1_024 * 1_024, ChunksPerGigabyte = 16;

    public static async Task Run()
    {
        var settings = new Dictionary<string, string> { ["Platform__Partners__102__AdminSecret"] = "bench-secret", ["Platform__Partners__-5__AdminSecret"] = "bench-secret" };
        await using var server = await ServerUnderTest.Start(settings);
        var (ks, media) = (await Session(server, 102), await Session(server, -5));
        var entries = await MakeEntries(server, ks);
        await MakeNode(server, ks);
        await Upload(server, ks, ChunksPerGigabyte);
        await Load(server, entries, media);
    }

    /// <summary><c>deploy/bench upload [GIGABYTES]</c>: one file of so many GiB, by default 20, and the memory that the server takes meanwhile.</summary>
    public static async Task<int> UploadAlone(string[] args)
    {
        if (args.Length > 2 || args.Length == 2 && !(int.TryParse(args[1], out var given) && given is > 0 and <= 60))
        {
            Console.Error.WriteLine("deploy/bench upload [GIGABYTES, 1 to 60]");
            return 2;
        }

        await using var server = await ServerUnderTest.Start(new() { ["Platform__Partners__102__AdminSecret"] = "bench-secret" });
        await Upload(server, await Session(server, 102), (args.Length == 2 ? int.Parse(args[1]) : 20) * ChunksPerGigabyte);
        return 0;
    }

    static async Task<string> Session(ServerUnderTest server, int partner) =>
        (string)(await Post(server, "session/action/start", new JsonObject { ["secret"] = "bench-secret", ["partnerId"] = partner, ["type"] = 2 }))!;

    static async Task<JsonNode?> Post(ServerUnderTest server, string call, JsonObject parameters)
    {
        parameters["format"] = 1;
        using var content = new StringContent(parameters.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await Patient.PostAsync(new Uri(server.Http.BaseAddress!, "/api_v3/service/" + call), content);
        var node = JsonNode.Parse(await answer.Content.ReadAsStringAsync());
        return node is JsonObject one && one["code"] is { } code ? throw new InvalidOperationException($"{call}: {code}") : node;
    }

    static async Task<List<string>> MakeEntries(ServerUnderTest server, string ks)
    {
        var (ids, times) = (new List<string>(), new List<double>());
        while (ids.Count < Entries)
        {
            var request = new JsonObject { ["ks"] = ks };
            for (var at = 1; at <= Each; at++)
            {
                request[at.ToString()] = new JsonObject
                {
                    ["service"] = "livestream", ["action"] = "add", ["sourceType"] = "32",
                    ["liveStreamEntry"] = new JsonObject { ["objectType"] = "KalturaLiveStreamEntry", ["name"] = $"entry {ids.Count + at}", ["mediaType"] = 201, ["streamPassword"] = "token123" },
                };
            }

            var started = Stopwatch.GetTimestamp();
            var answer = await Post(server, "multirequest", request);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            ids.AddRange(answer!.AsArray().Select(entry => (string)entry!["id"]!));
        }

        times.Sort();
        var table = new Table("api multirequest", "calls", "requests", "p50_ms", "worst_ms");
        table.Add($"{Each} liveStream.add", times.Count, Math.Round(times[times.Count / 2], 1), Math.Round(times[^1], 1));
        table.Print();
        return ids;
    }

    static async Task MakeNode(ServerUnderTest server, string ks)
    {
        var node = await Post(server, "servernode/action/add", new JsonObject
        {
            ["ks"] = ks, ["serverNode"] = new JsonObject { ["objectType"] = "KalturaWowzaMediaServerNode", ["name"] = "ms-1", ["hostName"] = "ms-1" },
        });
        await Post(server, "servernode/action/enable", new JsonObject { ["ks"] = ks, ["serverNodeId"] = node!["id"]!.ToString() });
    }

    // In chunks, the last ones first, so that each goes to its place.
    static async Task Upload(ServerUnderTest server, string ks, int chunks)
    {
        var token = (string)(await Post(server, "uploadtoken/action/add", new JsonObject { ["ks"] = ks, ["uploadToken"] = new JsonObject { ["objectType"] = "KalturaUploadToken", ["fileSize"] = (double)ChunkBytes * chunks } }))!["id"]!;
        var (chunk, before, most, started) = (new byte[ChunkBytes], server.Usage.ResidentMegabytes, 0.0, Stopwatch.GetTimestamp());
        foreach (var at in Enumerable.Range(0, chunks).OrderByDescending(at => at % (chunks - 1)))
        {
            using var form = new MultipartFormDataContent
            {
                { new StringContent(token), "uploadTokenId" }, { new StringContent(ks), "ks" }, { new StringContent("1"), "format" }, { new StringContent("1"), "resume" },
                { new StringContent("0"), "finalChunk" }, { new StringContent(((long)at * ChunkBytes).ToString()), "resumeAt" }, { new ByteArrayContent(chunk), "fileData", "chunk" },
            };
            using var answer = await Patient.PostAsync(new Uri(server.Http.BaseAddress!, "/api_v3/service/uploadtoken/action/upload"), form);
            answer.EnsureSuccessStatusCode();
            most = Math.Max(most, server.Usage.ResidentMegabytes);
        }

        var took = Stopwatch.GetElapsedTime(started);
        var table = new Table("api upload by chunks", "bytes", "chunks", "megabytes_per_second", "server_mb_before", "server_mb_most");
        table.Add((long)ChunkBytes * chunks, chunks, Math.Round((long)ChunkBytes * chunks / took.TotalSeconds / 1e6), Math.Round(before), Math.Round(most));
        table.Print();
    }

    static async Task Load(ServerUnderTest server, List<string> entries, string media)
    {
        byte[] Request(string call, string form) => Encoding.ASCII.GetBytes(
            $"POST /api_v3/service/livestream/action/{call}?format=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {form.Length}\r\n\r\n{form}");
        var escaped = Uri.EscapeDataString(media);
        var registers = entries.Select(id => Request("registerMediaServer", $"entryId={id}&hostname=ms-1&mediaServerIndex=0&applicationName=kLive&partnerId=102&ks={escaped}")).ToArray();
        var questions = entries.Select(id => Request("isLive", $"id={id}&protocol=hls")).ToArray();

        // Every entry once, so that all are on air; then the load.
        await Drive(server, at => registers[at % Entries], Entries, PerSecond / 2);
        var (before, mine) = (server.Usage, ProcessUsage.Of(Environment.ProcessId));
        var times = await Drive(server, at => (at % 2 == 0 ? registers : questions)[at / 2 % Entries], PerSecond * Seconds, PerSecond);
        var (after, now) = (server.Usage, ProcessUsage.Of(Environment.ProcessId));
        Array.Sort(times.Milliseconds);
        var table = new Table("api", "calls_per_second", "entries", "seconds", "p50_ms", "p99_ms", "worst_ms", "errors", "server_cores", "server_mb", "load_cores");
        table.Add(
            Math.Round(times.Milliseconds.Length / times.Took.TotalSeconds), Entries, Seconds, Math.Round(times.Milliseconds[times.Milliseconds.Length / 2], 2),
            Math.Round(times.Milliseconds[(int)(times.Milliseconds.Length * 0.99)], 2), Math.Round(times.Milliseconds[^1], 1), times.Errors,
            after.CoresSince(before), Math.Round(after.ResidentMegabytes), now.CoresSince(mine));
        table.Print();
    }

    // Requests at their times, in turn over the connections; each waits for its answer before its next.
    static async Task<(double[] Milliseconds, int Errors, TimeSpan Took)> Drive(ServerUnderTest server, Func<int, byte[]> request, int count, int perSecond)
    {
        var (times, errors, started) = (new double[count], 0, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(connection => Task.Run(async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync("127.0.0.1", server.HttpPort);
            var buffer = ArrayPool<byte>.Shared.Rent(64 * 1_024);
            for (var at = connection; at < count; at += Connections)
            {
                var due = TimeSpan.FromSeconds((double)at / perSecond);
                if (due - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait)
                {
                    await Task.Delay(wait);
                }

                await socket.SendAsync(request(at), SocketFlags.None);
                var right = await Answer(socket, buffer);
                times[at] = (Stopwatch.GetElapsedTime(started) - due).TotalMilliseconds;
                Interlocked.Add(ref errors, right ? 0 : 1);
            }
        })));
        return (times, errors, Stopwatch.GetElapsedTime(started));
    }

    // One answer with a Content-Length. True: it is no error of the API.
    static async Task<bool> Answer(Socket socket, byte[] buffer)
    {
        for (var length = 0; ;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None);
            length += read > 0 ? read : throw new IOException("The server closed the connection.");
            var text = buffer.AsSpan(0, length);
            var end = text.IndexOf("\r\n\r\n"u8);
            if (end >= 0 && text.IndexOf("Content-Length: "u8) is >= 0 and var at && at < end)
            {
                var digits = text[(at + 16)..];
                var body = int.Parse(Encoding.ASCII.GetString(digits[..digits.IndexOf((byte)'\r')]));
                if (length >= end + 4 + body)
                {
                    return text.StartsWith("HTTP/1.1 200"u8) && text[end..].IndexOf("KalturaAPIException"u8) < 0;
                }
            }
        }
    }
}
