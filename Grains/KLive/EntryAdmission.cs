using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>
/// Decides who may publish an entry, by asking the platform: 1. what was decided a moment ago holds, 2. the entry and its token (liveStream.authenticate),
/// 3. whether the profile has a rendition of that name. What the platform refuses is told to it as an alert of the entry.
/// </summary>
public sealed partial class EntryAdmission(
    IPlatformClient platform, MediaServerNode node, EntryAlerts alerts, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time, ILogger<EntryAdmission> log)
{
    const int Most = 10_000;
    const string HowTo = "publish to rtmp://HOST/kLive/?p=PARTNER&e=ENTRY&i=0&t=TOKEN with the stream name ENTRY_1.";

    readonly ConcurrentDictionary<string, (int Partner, long At)> _right = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, (EntryAnswer Answer, long At)> _wrong = new(StringComparer.Ordinal);

    public async ValueTask<EntryAnswer> Decide(EntryClaim claim)
    {
        if (!EntryClaim.IsEntryId(claim.Entry))
        {
            return EntryAnswer.None;
        }

        // 1. What is known. A refusal holds for who was refused: else anybody could keep an entry's encoder out.
        var (right, wrong) = (KeyOf(claim), $"{claim.Entry} {claim.Address}");
        if (_wrong.TryGetValue(wrong, out var refused) && time.GetElapsedTime(refused.At) < options.Value.RefusedFor)
        {
            metrics.Decided(refused.Answer.Verdict, asked: false);
            return refused.Answer;
        }

        var isKnown = _right.TryGetValue(right, out var known);
        if (isKnown && time.GetElapsedTime(known.At) < options.Value.AuthenticatedFor)
        {
            metrics.Decided(EntryVerdict.Admitted, asked: false);
            return new EntryAnswer(EntryVerdict.Admitted, "", known.Partner);
        }

        // 2. and 3. What the platform says.
        var answer = await Ask(claim);
        if (answer.Verdict == EntryVerdict.Unanswered && isKnown && time.GetElapsedTime(known.At) < options.Value.TrustedFor)
        {
            metrics.Decided(EntryVerdict.Admitted, asked: false);
            return new EntryAnswer(EntryVerdict.Admitted, "", known.Partner);
        }

        Remember(answer, right, wrong);
        metrics.Decided(answer.Verdict, asked: true);
        return answer;
    }

    async Task<EntryAnswer> Ask(EntryClaim claim)
    {
        try
        {
            if (claim.Application.Length == 0)
            {
                return await Exists(claim.Entry) ? new EntryAnswer(EntryVerdict.Refused, $"'{claim.Entry}' is an entry of the platform: {HowTo}", 0) : EntryAnswer.None;
            }

            var entry = await node.WhileKnown(() => Authenticate(claim)).WaitAsync(options.Value.AnswerTimeout, time);
            return await NamesRendition(entry, claim.Suffix) ? new EntryAnswer(EntryVerdict.Admitted, "", entry.Int("partnerId"))
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

        var flavors = await platform.Call("flavorparams", "getByConversionProfileId", entry.Int("partnerId"), new RawMap { ["conversionProfileId"] = entry.Long("conversionProfileId") })
            .WaitAsync(options.Value.AnswerTimeout, time);
        string[] names = [.. flavors.Objects("objects").Select(flavor => flavor.Text("streamSuffix")).Where(name => name.Length > 0)];
        return names.Length == 0 || names.Contains(suffix, StringComparer.Ordinal);
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
        await alerts.Raise(claim, alert);
        return new EntryAnswer(EntryVerdict.Refused, sentence, 0);
    }

    void Remember(EntryAnswer answer, string right, string wrong)
    {
        if (_right.Count > Most || _wrong.Count > Most)
        {
            _right.Clear();
            _wrong.Clear();
        }

        switch (answer.Verdict)
        {
            case EntryVerdict.Admitted:
                _right[right] = (answer.Partner, time.GetTimestamp());
                _wrong.TryRemove(wrong, out _);
                break;
            case EntryVerdict.WrongToken or EntryVerdict.Refused:
                _right.TryRemove(right, out _);
                _wrong[wrong] = (answer, time.GetTimestamp());
                break;
        }
    }

    // Holds no token, only what one becomes.
    static string KeyOf(EntryClaim claim) => string.Join(
        ' ', claim.Entry, claim.Partner, claim.Index, claim.Suffix, claim.Application, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(claim.Token))));

    [LoggerMessage(LogLevel.Warning, "Entry {Entry} index {Index} is not published from {Address}: {Why}")]
    partial void LogRefused(string entry, int index, string address, string why);

    [LoggerMessage(LogLevel.Warning, "The platform does not say who may publish entry {Entry}: {Why}")]
    partial void LogUnanswered(string entry, string why);
}
