using System.Text.Json;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Recording;

/// <summary>What the operations API says of recordings.</summary>
static class RecordingApi
{
    public sealed record Entry(string Id, string State, string Stream, double Duration, long Bytes);

    public static async Task<Entry[]> Recordings(this ServerProcess server)
    {
        using var answer = JsonDocument.Parse(await server.Http.GetStringAsync("/api/v1/recordings"));
        return [.. answer.RootElement.EnumerateArray().Select(item => new Entry(
            item.GetProperty("id").GetString()!, item.GetProperty("state").GetString()!, item.GetProperty("stream").GetString()!,
            item.GetProperty("duration").GetDouble(), item.GetProperty("bytes").GetInt64()))];
    }

    public static async Task<Entry?> Recording(this ServerProcess server, string stream) =>
        (await server.Recordings()).FirstOrDefault(entry => entry.Stream == stream);

    public static Task<Entry> RecordingIs(this ServerProcess server, string stream, string what, Func<Entry, bool> condition) =>
        Eventually.Get($"the recording of {stream} {what}", TimeSpan.FromSeconds(60), async () =>
            await server.Recording(stream) is { } entry && condition(entry) ? entry : null);

    public static Uri Hls(this ServerProcess server, Entry entry) => server.Url($"/rec/{entry.Id}/master.m3u8");

    public static async Task<string> Download(this ServerProcess server, Entry entry)
    {
        var path = Path.Combine(Repository.Folder("downloads"), entry.Id + ".mp4");
        await using var file = File.Create(path);
        await using var body = await server.Http.GetStreamAsync($"/api/v1/recordings/{entry.Id}/download");
        await body.CopyToAsync(file);
        return path;
    }

    /// <summary>Seconds that ffprobe finds.</summary>
    public static async Task<double> Probe(string input)
    {
        using var answer = JsonDocument.Parse(await ChildProcess.Run(
            "ffprobe", ["-v", "error", "-of", "json", "-show_entries", "format=duration", input], TimeSpan.FromSeconds(60)));
        return double.Parse(answer.RootElement.GetProperty("format").GetProperty("duration").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
    }
}
