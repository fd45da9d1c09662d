using System.Globalization;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Entries;

/// <summary>
/// The on-demand entries that live entries are recorded to: when a new one is due, what it takes over from the live entry, and which piece of a
/// recording has which place. Called by the live entry's grain, one call at a time.
/// </summary>
public sealed class RecordedEntries(Objects objects, IOptions<PlatformOptions> options)
{
    const int Appended = 1, Day = 86_400, Week = 7 * Day;

    static readonly string[] Copied = ["name", "description", "tags", "userId", "creatorId", "accessControlId", "adminTags", "categories", "categoriesIds", "referenceId"];

    /// <summary>Into one recording: a new one when the old is older than a week or longer than a day. By session: when the last one ended long enough ago.</summary>
    public async Task<bool> IsNewOneDue(LiveEntryState state, LiveRegistration registration, long now)
    {
        var old = state.RecordedEntry.Length > 0 ? await objects.Store.Read("entry", state.RecordedEntry) : null;
        if (old is null)
        {
            return true;
        }

        return registration.RecordStatus == Appended
            ? now - old.Value.Long("createdAt") > Week || state.RecordedSeconds > Day
            : state.LastBroadcastEnd > 0 && state.LastBroadcastEnd + (long)options.Value.SessionReconnect.TotalSeconds < state.CurrentBroadcastStart
                && old.Value.Long("createdAt") < (long)state.CurrentBroadcastStart;
    }

    public async Task<string> Create(string live, LiveEntryState state, LiveRegistration registration)
    {
        var source = (await objects.Store.Read("entry", live))?.Value ?? throw new InvalidOperationException($"There is no live entry {live}.");
        var entry = new PlatformObject("MediaEntry");
        foreach (var name in Copied.Where(source.Has))
        {
            entry[name] = source[name];
        }

        if (source.Object("recordingOptions") is { } wishes)
        {
            Take(entry, source, wishes);
        }

        if (registration.RecordStatus != Appended)
        {
            entry["name"] = $"{source.Text("name")} {await NextNumber(live)}";
        }

        foreach (var (name, value) in Fixed(live, source))
        {
            entry[name] = value;
        }

        await objects.Add("entry", entry, registration.Partner, Objects.NewId());
        return entry.Text("id");
    }

    static void Take(PlatformObject entry, PlatformObject source, PlatformObject wishes)
    {
        string[] more = [.. wishes.Truth("shouldCopyEntitlement") ? new[] { "entitledUsersEdit", "entitledUsersPublish", "entitledUsersView" } : [], .. wishes.Truth("shouldCopyScheduling") ? new[] { "startDate", "endDate" } : []];
        foreach (var name in more.Where(source.Has))
        {
            entry[name] = source[name];
        }

        if (wishes.Truth("shouldMakeHidden"))
        {
            entry["displayInSearch"] = -1L;
        }
    }

    static PlatformObject Fixed(string live, PlatformObject source) => new PlatformObject("")
    {
        { "type", "1" }, { "status", "7" }, { "mediaType", 1L }, { "sourceType", "36" }, { "rootEntryId", live }, { "version", 1L },
        { "conversionProfileId", source["conversionProfileId"] }, { "moderationStatus", 6L }, { "plays", 0L }, { "views", 0L }, { "duration", 0L },
        { "msDuration", 0L }, { "replacementStatus", "0" }, { "licenseType", -1L }, { "flavorParamsIds", "" },
    };

    async Task<string> NextNumber(string live) =>
        ((await objects.Store.Find(new ObjectQuery("entry") { Where = Test.Equal("rootEntryId", live), Take = 1 })).Total + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// The place of a piece: the same one again for a piece that is known. Null where the recording would become too long; the second value is its length
    /// with the piece.
    /// </summary>
    public async Task<(RecordingPlace? Place, double Seconds)> Place(string live, LiveEntryState state, RecordedPiece piece, TimeSpan longest)
    {
        if (state.RecordedEntry.Length == 0)
        {
            return (null, state.RecordedSeconds);
        }

        // Each asset of the recording remembers the keys of its pieces.
        var key = $"{state.RecordedEntry}.{piece.Asset}";
        var ledger = await objects.Store.Read("recording", key) ?? new StoredObject("recording", key, 0, 0, new PlatformObject("Recording") { { "entryId", live }, { "pieces", new List<object?>() } });
        var known = (List<object?>)ledger.Value["pieces"]!;
        if (known.IndexOf(piece.Key) is var at and >= 0)
        {
            return (new RecordingPlace { RecordedEntry = state.RecordedEntry, Number = at, IsKnown = true, Seconds = state.RecordedSeconds }, state.RecordedSeconds);
        }

        var seconds = state.RecordedSeconds + (piece.IsAnchor ? piece.Duration.TotalSeconds : 0);
        if (seconds > longest.TotalSeconds)
        {
            return (null, seconds);
        }

        var next = ledger.Value.Copy();
        ((List<object?>)next["pieces"]!).Add(piece.Key);
        if (!await objects.Store.Write(ledger with { Value = next }))
        {
            throw new InvalidOperationException($"The recording {key} was changed by another activation.");
        }

        return (new RecordingPlace { RecordedEntry = state.RecordedEntry, Number = known.Count, IsKnown = false, Seconds = seconds }, seconds);
    }
}
