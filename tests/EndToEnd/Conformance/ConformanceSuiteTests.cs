using System.Text.Json;
using Tributary.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Tributary.EndToEnd.Conformance;

/// <summary>
/// Everything that an adaptive stream goes through, in one run, watched in every form by clients that forgive nothing: a rendition is lost and back, the
/// leading one too, the backup takes over, and the encoder is started anew.
/// </summary>
[Collection(Alone.Name)]
public sealed class ConformanceSuiteTests(ITestOutputHelper output)
{
    const string Name = "suite";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [SkippableFact]
    public async Task Every_rule_holds_while_renditions_sources_and_encoders_come_and_go()
    {
        Tools.Require("ffmpeg", "ffprobe");
        await using var server = await ServerProcess.Start(new() { ["Publish__Renditions__0"] = Name });
        await using var wires = new LadderWires(server.RtmpPort);
        await using var primary = await wires.Publish(Name);
        await Eventually.IsTrue("three renditions", Patience, async () =>
        {
            using var answer = await server.Http.GetAsync(server.Master(Name));
            return answer.IsSuccessStatusCode && (await answer.Content.ReadAsStringAsync()).Split("RESOLUTION=").Length == 4;
        });
        await using var hls = await StrictHlsClient.Open(server.Http, server.Master(Name));
        await using var muxed = await StrictHlsClient.Open(server.Http, server.TsMaster(Name));
        await using var low = await LowLatencyClient.Open(server.Http, server.Master(Name));
        await using var dash = await DashClient.Open(server.Http, server.Url($"/live/{Name}/manifest.mpd"));
        await using var lowDash = await DashClient.Open(server.Http, server.Url($"/live/{Name}/manifest-ll.mpd"));
        await using var smooth = await SmoothClient.Open(server.Http, server.Url($"/live/{Name}/manifest"));
        await hls.UntilSegments(4, Patience);

        // 1. A rendition is lost and back, then the one that leads.
        await LoseAndMend(hls, wires, 2, "-v11.");
        await LoseAndMend(hls, wires, 1, "-v1.");
        Assert.All(hls.Renditions, one => Assert.Equal(0, one.Discontinuities));

        // 2. The backup stands by, and takes over when the primary ends.
        await using var spare = new LadderWires(server.RtmpPort);
        await using var backup = await spare.Publish(Name, slot: 1);
        await Eventually.IsTrue("the backup stands by", Patience, async () => (await Describe(server)).GetProperty("sources").EnumerateArray()
            .Any(slot => slot.GetProperty("slot").GetInt32() == 1 && slot.GetProperty("ready").GetBoolean()));
        await End(primary);
        await GoesOn(hls, "the backup's segments");

        // 3. That ends too; its user starts it again after a while.
        await End(backup);
        await Eventually.IsTrue("all renditions are off the air", Patience, async () => await StateOf(server) == "Held");
        await using var again = await spare.Publish(Name, slot: 1);
        await GoesOn(hls, "segments of the encoder that was started again");
        await Eventually.IsTrue("all clients are there", Patience, () => low.Edge.Msn >= hls.Video.Last - 2 && dash.Last >= hls.Video.Last - 2 && lowDash.Last >= hls.Video.Last - 2);

        var list = new Checklist(server.Http, output);
        await list.AddHls("fMP4", hls, server.Master(Name));
        await list.AddHls("TS", muxed, server.TsMaster(Name));

        list.Add("low latency: every playlist, reload, hint, report and part keeps the rules of RFC 8216bis", low.Reloads, low.Problems);
        list.Add("low latency: every other rendition is reported on", low.Reloads, low.Unreported);
        list.Add("low latency: a delta update and what was there before are the whole", low.Deltas, []);
        list.Add("low latency: hinted parts came, and are the bytes of their segments", low.HintedParts, []);
        list.Add("DASH: every manifest, update and segment keeps the rules of ISO/IEC 23009-1", dash.Fetched, dash.Problems);
        list.Add("low-latency DASH: every manifest, update and segment keeps the rules of ISO/IEC 23009-1", lowDash.Fetched, lowDash.Problems);
        list.Add("low-latency DASH: segments come in chunks", lowDash.Chunked, []);
        list.Add("Smooth Streaming: every manifest, update and fragment keeps the rules of [MS-SSTR]", smooth.Fetched, smooth.Problems);
        foreach (var file in hls.Video.Save(Name))
        {
            list.Add($"the picture decodes without a complaint: {Path.GetFileName(file)}", 1, (await Ffmpeg.DecodeErrors(file)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        output.WriteLine($"figure: {hls.Video.Count} segments, {hls.Video.Discontinuities} discontinuities, {dash.Periods.Count} and {lowDash.Periods.Count} periods, {lowDash.Withdrawn} open segments withdrawn");
        list.AssertAllKept(server.LogTail);
    }

    static async Task<JsonElement> Describe(ServerProcess server)
    {
        using var description = JsonDocument.Parse(await server.Http.GetStringAsync($"/api/v1/streams/{Name}"));
        return description.RootElement.Clone();
    }

    static async Task<string?> StateOf(ServerProcess server) => (await Describe(server)).GetProperty("state").GetString();

    static async Task LoseAndMend(StrictHlsClient hls, LadderWires wires, int rendition, string track)
    {
        var record = hls.Renditions.Single(one => one.Address.AbsolutePath.Contains(track, StringComparison.Ordinal));
        var last = record.Last;
        wires[rendition].Cut();
        await Eventually.IsTrue($"{track} shows its nearest", Patience, () => record.Segments.Count(segment => segment.Msn > last && !segment.Uri.Contains(track, StringComparison.Ordinal)) >= 2);
        wires[rendition].Mend();
        await Eventually.IsTrue($"{track} is back", Patience, () => record.Segments.TakeLast(2).All(segment => segment.Uri.Contains(track, StringComparison.Ordinal)));
    }

    static async Task End(ChildProcess encoder)
    {
        encoder.Signal("INT");
        await encoder.Ends(TimeSpan.FromSeconds(10));
    }

    static Task GoesOn(StrictHlsClient hls, string what)
    {
        var (last, discontinuities) = (hls.Video.Last, hls.Video.Discontinuities);
        return hls.Until(what, Patience, one => one.Last >= last + 4 && one.Discontinuities > discontinuities);
    }
}
