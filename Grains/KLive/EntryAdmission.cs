using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>
/// Decides who may publish an entry, by asking the platform: 1. what was decided a moment ago holds, 2. the entry and its token (liveStream.authenticate),
/// 3. whether the profile has a rendition of that name. What the platform refuses is told to it as an alert of the entry.
/// </summary>
public sealed partial class EntryAdmission(
    IPlatformClient platform, MediaServerNode node, EntryAlerts alerts, EntryDiagnostics diagnostics, TrustedEncoders trusted, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time,
    ILogger<EntryAdmission> log)
{
    const int Most = 10_000;
    const string HowTo = "publish to rtmp://HOST/kLive/?p=PARTNER&e=ENTRY&i=0&t=TOKEN with the stream name ENTRY_1.";

    readonly ConcurrentDictionary<string, (EntryAnswer Answer, long At)> _wrong = new(StringComparer.Ordinal);

    public async ValueTask<EntryAnswer> Decide(EntryClaim claim)
    {
        if (!EntryClaim.IsEntryId(claim.Entry))
        {
            return EntryAnswer.None;
        }

        // 1. What is known. A refusal holds for who was refused: else anybody could keep an entry's encoder out.
        var wrong = $"{claim.Entry} {claim.Address}";
        if (_wrong.TryGetValue(wrong, out var refused) && time.GetElapsedTime(refused.At) < options.Value.RefusedFor)
        {
            metrics.Decided(refused.Answer.Verdict, asked: false);
            return refused.Answer;
        }

        var known = trusted.Find(claim);
        if (known is not null && Age(known) is { Ticks: >= 0 } young && young < options.Value.AuthenticatedFor)
        {
            metrics.Decided(EntryVerdict.Admitted, asked: false);
            return Admitted(known);
        }

        // 2. and 3. What the platform says.
        var answer = await Ask(claim);
        if (answer.Verdict == EntryVerdict.Unanswered && known is not null && Age(known) < options.Value.TrustedFor)
        {
            metrics.Decided(EntryVerdict.Admitted, asked: false);
            return Admitted(known);
        }

        Remember(claim, answer, wrong);
        metrics.Decided(answer.Verdict, asked: true);
        return answer;
    }

    TimeSpan Age(TrustedEncoder known) => time.GetUtcNow() - known.Since;

    static EntryAnswer Admitted(TrustedEncoder known) => new(EntryVerdict.Admitted, "", known.Partner) { Records = known.Records };

    async Task<EntryAnswer> Ask(EntryClaim claim)
    {
        try
        {
            if (claim.Application.Length == 0)
            {
                return await Exists(claim.Entry) ? new EntryAnswer(EntryVerdict.Refused, $"'{claim.Entry}' is an entry of the platform: {HowTo}", 0) : EntryAnswer.None;
            }

            var entry = await node.WhileKnown(() => Authenticate(claim)).WaitAsync(options.Value.AnswerTimeout, time);
            return await NamesRendition(entry, claim.Suffix) ? new EntryAnswer(EntryVerdict.Admitted, "", entry.Int("partnerId")) { Records = EntryBroadcast.IsRecorded(entry) }
                : await Refuse(claim, EntryAlert.WrongName, $"The profile of entry '{claim.Entry}' has no rendition '{claim.Suffix}'.");
        }
        catch (PlatformException refusal)
        {
            return await Refuse(claim, refusal);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)   // of a database, of silos, of a network
        {
            metrics.CallFailed("authenticate");
            LogUnanswered(claim.Entry, exception.Message);
            return new EntryAnswer(EntryVerdict.Unanswered, "The platform that knows this entry does not answer: try again in a moment.", 0);
        }
    }

    Task<PlatformObject> Authenticate(EntryClaim claim) => platform.Call("livestream", "authenticate", claim.Partner, new RawMap
    {
        ["entryId"] = claim.Entry, ["token"] = claim.Token, ["hostname"] = node.HostName, ["mediaServerIndex"] = claim.Index == 0 ? "0" : "1", ["applicationName"] = claim.Application,
    });

    Task<PlatformObject> Get(string entry) => platform.Call("livestream", "get", 0, new RawMap { ["entryId"] = entry }).WaitAsync(options.Value.AnswerTimeout, time);

    // A profile without flavors says nothing of names.
    async Task<bool> NamesRendition(PlatformObject entry, string suffix)
    {
        if (!entry.Has("conversionProfileId"))
        {
            return true;
        }

        var flavors = await Flavors(entry.Int("partnerId"), entry.Long("conversionProfileId")).WaitAsync(options.Value.AnswerTimeout, time);
        string[] names = [.. flavors.Select(flavor => flavor.Text("streamSuffix")).Where(name => name.Length > 0)];
        return names.Length == 0 || names.Contains(suffix, StringComparer.Ordinal);
    }

    // Platforms are there that do not let media servers ask for all of a profile at once.
    async Task<IReadOnlyList<PlatformObject>> Flavors(int partner, long profile)
    {
        try
        {
            return [.. (await platform.Call("flavorparams", "getByConversionProfileId", partner, new RawMap { ["conversionProfileId"] = profile })).Objects("objects")];
        }
        catch (PlatformException exception) when (exception.Code is "SERVICE_FORBIDDEN" or "ACTION_DOES_NOT_EXISTS")
        {
            var filter = new RawMap { ["objectType"] = "KalturaConversionProfileAssetParamsFilter", ["conversionProfileIdEqual"] = profile };
            var listed = await platform.Call("conversionprofileassetparams", "list", partner, new RawMap { ["filter"] = filter });
            return await Task.WhenAll(listed.Objects("objects").Select(one => platform.Call("flavorparams", "get", partner, new RawMap { ["id"] = one.Long("assetParamsId") })));
        }
    }

    async Task<EntryAnswer> Refuse(EntryClaim claim, PlatformException refusal)
    {
        if (refusal.Code == "ENTRY_ID_NOT_FOUND")
        {
            return await Exists(claim.Entry) ? await Refuse(claim, EntryAlert.NoEntry, $"Entry '{claim.Entry}' is not one of partner {claim.Partner}.") : EntryAnswer.None;
        }

        var answer = await Refuse(claim, EntryAlert.Of(refusal.Code), refusal.Message);
        return refusal.Code == "LIVE_STREAM_INVALID_TOKEN" ? answer with { Verdict = EntryVerdict.WrongToken } : answer;
    }

    // Of whichever partner: an entry is no plain stream for who names another partner.
    async Task<bool> Exists(string entry)
    {
        try
        {
            await Get(entry);
            return true;
        }
        catch (PlatformException exception) when (exception.Code == "ENTRY_ID_NOT_FOUND")
        {
            return false;
        }
    }

    async Task<EntryAnswer> Refuse(EntryClaim claim, EntryAlert alert, string sentence)
    {
        LogRefused(claim.Entry, claim.Index, claim.Address.ToString(), sentence);
        diagnostics.Refused(claim, sentence);
        await alerts.Raise(claim, alert);
        return new EntryAnswer(EntryVerdict.Refused, sentence, 0);
    }

    void Remember(EntryClaim claim, EntryAnswer answer, string wrong)
    {
        if (_wrong.Count > Most)
        {
            _wrong.Clear();
        }

        switch (answer.Verdict)
        {
            case EntryVerdict.Admitted:
                trusted.Add(claim, answer.Partner, answer.Records);
                _wrong.TryRemove(wrong, out _);
                break;
            case EntryVerdict.WrongToken or EntryVerdict.Refused:
                trusted.Remove(claim);
                _wrong[wrong] = (answer, time.GetTimestamp());
                break;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Entry {Entry} index {Index} is not published from {Address}: {Why}")]
    partial void LogRefused(string entry, int index, string address, string why);

    [LoggerMessage(LogLevel.Warning, "The platform does not say who may publish entry {Entry}: {Why}")]
    partial void LogUnanswered(string entry, string why);
}
