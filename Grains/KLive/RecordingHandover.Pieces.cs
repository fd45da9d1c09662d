using Microsoft.Extensions.Logging;
using Tributary.Grains.Platform.Content;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Recordings;
using Tributary.Grains.VodEntries;

namespace Tributary.Grains.KLive;

// 2. to 5. One volume becomes a piece of the platform's recording.
public sealed partial class RecordingHandover
{
    const string SourceIndex = "0";

    async Task Append(Volume volume, CancellationToken cancellation)
    {
        // 2. Whose it is.
        if (await Find(volume.Entry, cancellation) is not { } entry || entry.Int("recordStatus") == 0)
        {
            marks.Put(volume.Journal, volume.Name, HandoverMarks.Kept);
            return;
        }

        var partner = entry.Int("partnerId");
        var asset = await Asset(volume.Entry, partner, cancellation) ?? throw PlatformException.Of("ASSET_ID_NOT_FOUND", "");

        // 3. and 4. The piece.
        Directory.CreateDirectory(platform.Outbox);
        var path = Path.Combine(platform.Outbox, $"{volume.Entry}.{asset}_{SourceIndex}.{volume.Name}.mp4");
        var isLast = await IsLast(volume);
        if (!File.Exists(path) && !await VolumeMovie.Write(folders, volume.Journal, volume.Name, path, cancellation))
        {
            metrics.Piece("empty");
            marks.Put(volume.Journal, volume.Name, HandoverMarks.Appended);
            return;
        }

        var seconds = Mp4Facts.TryRead(path, out var facts) ? facts.Seconds : 0;
        await Append(volume, partner, asset, await platform.Give(partner, path, cancellation), seconds, isLast, cancellation);

        // 5. It has it.
        metrics.Piece("appended");
        LogAppended(volume.Entry, volume.Name, seconds, isLast);
        marks.Put(volume.Journal, volume.Name, HandoverMarks.Appended);
        platform.Forget(path);
        if (isLast && folders.Recordings.Volumes(volume.Journal).All(known => marks.Has(volume.Journal, known.Volume, HandoverMarks.Appended)))
        {
            await grains.GetGrain<IVodEntryGrain>(volume.Journal).Delete().WaitAsync(options.Value.AnswerTimeout, time, cancellation);
        }
    }

    async Task Append(Volume volume, int partner, string asset, RawMap resource, double seconds, bool isLast, CancellationToken cancellation)
    {
        try
        {
            await Call("appendRecording", partner, new RawMap
            {
                ["entryId"] = volume.Entry, ["assetId"] = asset, ["mediaServerIndex"] = SourceIndex, ["duration"] = seconds, ["isLastChunk"] = isLast, ["resource"] = resource,
            }, cancellation);
        }
        catch (PlatformException used) when (used.Code == "UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY")
        {
            // An upload that was whole a moment ago is used up by its piece alone: it was taken, and the answer got lost.
        }
    }

    Task<PlatformObject> Call(string action, int partner, RawMap parameters, CancellationToken cancellation, string service = "livestream") =>
        platform.Call(service, action, partner, parameters).WaitAsync(cancellation);

    async Task<PlatformObject?> Find(string entry, CancellationToken cancellation)
    {
        try
        {
            return await Call("get", 0, new RawMap { ["entryId"] = entry }, cancellation);
        }
        catch (PlatformException exception) when (exception.Code == "ENTRY_ID_NOT_FOUND")
        {
            return null;
        }
    }

    // The asset that stands for what is recorded: the one that the profile names, else what the encoder sends.
    async Task<string?> Asset(string entry, int partner, CancellationToken cancellation)
    {
        var filter = new RawMap { ["objectType"] = "KalturaLiveAssetFilter", ["entryIdEqual"] = entry };
        var assets = (await Call("list", partner, new RawMap { ["filter"] = filter }, cancellation, "flavorasset")).Objects("objects").ToList();
        return (assets.Find(asset => asset.Words("tags").Contains("recording_anchor")) ?? assets.Find(asset => asset.Words("tags").Contains("source")) ?? assets.FirstOrDefault())?.Text("id");
    }

    // Of a recording that is over, which the stream's grain says before it says so to the recorder.
    async Task<bool> IsLast(Volume volume)
    {
        var recording = await grains.GetGrain<IRecordingGrain>(volume.Entry).Describe().WaitAsync(options.Value.AnswerTimeout, time);
        return (recording.Entry != volume.Journal || !recording.IsRecording)
            && string.CompareOrdinal(folders.Recordings.Volumes(volume.Journal).Select(known => known.Volume).LastOrDefault(), volume.Name) <= 0;
    }

    [LoggerMessage(LogLevel.Information, "Entry {Entry}: piece {Volume} of its recording is with the platform: {Seconds:F1} s, last: {IsLast}")]
    partial void LogAppended(string entry, string volume, double seconds, bool isLast);
}
