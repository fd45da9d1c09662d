using System.Text.Json;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;
using Eventually = Tributary.EndToEnd.Harness.Eventually;

namespace Tributary.Cluster.Faults;

/// <summary>The silo that writes a recording dies; another goes on with it.</summary>
[Collection(FaultTests.Name)]
public sealed class RecorderTests(FaultCluster faults, ITestOutputHelper output)
{
    const string Stream = "recorder-kill";
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task Nothing_acknowledged_is_missing_when_the_recorder_moves_to_another_silo()
    {
        var cluster = await faults.Whole();
        var gateway = cluster.Gateways[0];
        await using var encoder = await Encoder.Publish(Stream, cluster.Ingests[0]);
        await Eventually.IsTrue("the stream is on air", Soon, async () => await ServerCluster.Ask(gateway, Stream) is { State: "Live" });
        await gateway.Call(HttpMethod.Post, $"/api/v1/streams/{Stream}/recording");
        var entry = (await Now(gateway)).GetProperty("entry").GetString()!;
        var known = await Recorded(gateway, entry, "has something acknowledged", one => one.GetProperty("duration").GetDouble() >= 6);
        var recorder = cluster.Silos.Single(silo => silo.Name == VolumeNodes(known).Single());

        // 1. Killed while it writes: another one goes on.
        recorder.Kill();
        await Recorded(gateway, entry, "goes on at another silo", one => VolumeNodes(one).Length == 2);
        await Recorded(gateway, entry, "has more", one => one.GetProperty("duration").GetDouble() >= known.GetProperty("duration").GetDouble() + 6);

        // 2. It is back, with what it had: the recording is whole, read from both through a gateway that wrote none of it.
        await recorder.Start();
        await gateway.Call(HttpMethod.Delete, $"/api/v1/streams/{Stream}/recording");
        var whole = await Recorded(gateway, entry, "is complete", one => one.GetProperty("state").GetString() == "Ready");
        var pictures = await Pictures(gateway, entry);
        var longest = pictures.Zip(pictures.Skip(1), static (one, next) => next - one).Max();
        output.Figure($"recorder's silo kill -9: {known.GetProperty("duration").GetDouble():0.0} s acknowledged before, {whole.GetProperty("duration").GetDouble():0.0} s in {VolumeNodes(whole).Length} volumes after, longest step between pictures {longest:0.000} s");
        Assert.True(whole.GetProperty("duration").GetDouble() >= known.GetProperty("duration").GetDouble() + 6);
        Assert.True(longest < 0.1, $"pictures are missing: {longest} s between two");
    }

    static async Task<JsonElement> Now(ServerNode gateway) => (await gateway.Call(HttpMethod.Get, $"/api/v1/streams/{Stream}/recording")).Body!.Value;

    static async Task<JsonElement> Recorded(ServerNode gateway, string entry, string what, Func<JsonElement, bool> enough)
    {
        var found = default(JsonElement);
        await Eventually.IsTrue($"the recording {what}", Soon, async () =>
        {
            var (status, body) = await gateway.Call(HttpMethod.Get, $"/api/v1/recordings/{entry}");
            return status == 200 && enough(found = body!.Value);
        });
        return found;
    }

    static string[] VolumeNodes(JsonElement entry) => [.. entry.GetProperty("volumes").EnumerateArray().Select(volume => volume.GetProperty("node").GetString()!).Distinct()];

    // Seconds at which pictures are shown.
    static async Task<double[]> Pictures(ServerNode gateway, string entry)
    {
        var path = Path.Combine(Repository.Folder("downloads"), entry + ".mp4");
        using (var body = await gateway.Http.GetAsync($"/rec/{entry}/download.mp4"))
        {
            var bytes = await body.Content.ReadAsByteArrayAsync();
            Assert.True(body.IsSuccessStatusCode, $"{(int)body.StatusCode}: {System.Text.Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 300)])}\n{gateway.Log[^Math.Min(gateway.Log.Length, 1500)..]}");
            await File.WriteAllBytesAsync(path, bytes);
        }

        using var answer = JsonDocument.Parse(await ChildProcess.Run(
            "ffprobe", ["-v", "error", "-of", "json", "-select_streams", "v", "-show_entries", "packet=pts_time", path], Soon));
        return [.. answer.RootElement.GetProperty("packets").EnumerateArray()
            .Select(packet => double.Parse(packet.GetProperty("pts_time").GetString()!, System.Globalization.CultureInfo.InvariantCulture)).Order()];
    }
}
