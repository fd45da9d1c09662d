using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tributary.Gateway.Live;
using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;

namespace Tributary.Gateway.Api;

// What is recorded, and commands to begin and to end it.
sealed partial class ApiEndpoints
{
    void MapRecordings(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/api/v1/recordings", context => Guard(context, () => Recordings(context)));
        endpoints.MapGet("/api/v1/recordings/{id}", context => Guard(context, () => Recording(context)));
        endpoints.MapDelete("/api/v1/recordings/{id}", context => Command(context, () => DeleteRecording(context)));
        endpoints.MapMethods("/api/v1/recordings/{id}/download", [HttpMethods.Get, HttpMethods.Head], context => Guard(context, () => Download(context)));
        endpoints.MapGet("/api/v1/streams/{name}/recording", context => Guard(context, () => DescribeRecording(context)));
        endpoints.MapPost("/api/v1/streams/{name}/recording", context => Command(context, () => StartRecording(context)));
        endpoints.MapDelete("/api/v1/streams/{name}/recording", context => Command(context, () => StopRecording(context)));
    }

    async Task Recordings(HttpContext context) =>
        await Json(context, [.. (await Ask(grains.ListEntries())).Select(Item)], ApiJson.Default.IReadOnlyListRecordingItem);

    async Task Recording(HttpContext context)
    {
        if (await Entry(context) is { } entry)
        {
            await Json(context, Item(entry), ApiJson.Default.RecordingItem);
        }
    }

    async Task DeleteRecording(HttpContext context)
    {
        if (await Entry(context) is not { } entry)
        {
            return;
        }

        if (entry.State == VodEntryState.Recording && (await Ask(grains.GetGrain<IRecordingGrain>(entry.Stream).Describe())) is { IsRecording: true } now && now.Entry == entry.Id)
        {
            await Fail(context, 409, "Conflict", "It is being recorded: end that first.");
            return;
        }

        await Ask(grains.GetGrain<IVodEntryGrain>(entry.Id).Delete());
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    async Task Download(HttpContext context)
    {
        if (await Entry(context) is { } entry)
        {
            await recorded.AnswerMovie(context, entry);
        }
    }

    Task DescribeRecording(HttpContext context) => StreamRecording(context, static grain => grain.Describe());

    Task StartRecording(HttpContext context) => StreamRecording(context, static grain => grain.Start());

    Task StopRecording(HttpContext context) => StreamRecording(context, static grain => grain.Stop());

    async Task StreamRecording(HttpContext context, Func<IRecordingGrain, Task<RecordingDescription>> ask)
    {
        var name = context.Request.RouteValues["name"] as string;
        if (!StreamName.IsValid(name))
        {
            await Fail(context, 404, "Not found", "A stream's name is a letter or digit and up to 127 letters, digits, '.', '_' and '-'.");
            return;
        }

        var now = await Ask(ask(grains.GetGrain<IRecordingGrain>(name!)));
        var item = new StreamRecordingItem(
            now.Stream, now.Mode, now.IsRecording, now.State, Named(now.Entry), Named(now.Node), Named(now.Trouble), now.Rewind.TotalSeconds, now.NextMsn);
        await Json(context, item, ApiJson.Default.StreamRecordingItem);
    }

    // Null: the request is answered.
    async Task<VodEntryDescription?> Entry(HttpContext context)
    {
        var id = context.Request.RouteValues["id"] as string;
        var entry = JournalFolder.IsName(id) ? await Ask(grains.GetGrain<IVodEntryGrain>(id!).Describe()) : null;
        if (entry is null)
        {
            await Fail(context, 404, "Not found", "There is no such recording.");
        }

        return entry;
    }

    static RecordingItem Item(VodEntryDescription entry) => new(
        entry.Id, entry.Name, entry.State, entry.Stream, entry.Created, Seconds(entry.Duration), entry.Bytes,
        [.. entry.Volumes.Select(volume => new VolumeItem(
            volume.File, volume.Node, volume.Started, Seconds(RecordedVolume.DurationOf([volume])), volume.Bytes, volume.Ended))],
        $"/rec/{entry.Id}/master.m3u8", $"/api/v1/recordings/{entry.Id}/download");
}
