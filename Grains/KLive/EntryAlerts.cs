using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>Why an encoder was sent away, as the platform's health alerts number it.</summary>
public readonly record struct EntryAlert(int Code)
{
    public static EntryAlert WrongName { get; } = new(112);

    public static EntryAlert NoEntry { get; } = new(113);

    /// <summary>The alert for an error of the platform; 0: there is none.</summary>
    public static EntryAlert Of(string error) => new(error switch
    {
        "LIVE_STREAM_INVALID_TOKEN" => 111,
        "SERVICE_FORBIDDEN_CONTENT_BLOCKED" or "SERVICE_FORBIDDEN" => 114,
        "LIVE_STREAM_EXCEEDED_MAX_PASSTHRU" => 115,
        "LIVE_STREAM_EXCEEDED_MAX_TRANSCODED" => 118,
        _ => 0,
    });
}

/// <summary>Tells the platform what is wrong with an entry: a beacon <c>INDEX_healthData</c> of the entry.</summary>
public sealed partial class EntryAlerts(IPlatformClient platform, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time, ILogger<EntryAlerts> log)
{
    const int Severest = 4;

    public async Task Raise(EntryClaim claim, EntryAlert alert)
    {
        if (alert.Code == 0)
        {
            return;
        }

        try
        {
            await platform.Call("beacon_beacon", "add", claim.Partner, new RawMap
            {
                ["shouldLog"] = 1L,
                ["beacon"] = new RawMap
                {
                    ["objectType"] = "KalturaBeacon", ["relatedObjectType"] = "4", ["objectId"] = claim.Entry,
                    ["eventType"] = $"{(claim.Index == 0 ? 0 : 1)}_healthData", ["privateData"] = Text(claim, alert),
                },
            }).WaitAsync(options.Value.AnswerTimeout, time);
        }
        catch (PlatformException)
        {
            // It knows no such entry of that partner.
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            metrics.CallFailed("beacon.add");
            LogUntold(claim.Entry, exception.Message);
        }
    }

    string Text(EntryClaim claim, EntryAlert alert) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["alerts"] = new[]
        {
            new Dictionary<string, object>
            {
                ["Arguments"] = new Dictionary<string, string> { ["entryId"] = claim.Entry, ["alertType"] = "Error", ["parameter"] = "" },
                ["Time"] = time.GetUtcNow().ToUnixTimeMilliseconds(), ["Code"] = alert.Code,
            },
        },
        ["maxSeverity"] = Severest,
    });

    [LoggerMessage(LogLevel.Warning, "The platform could not be told what is wrong with entry {Entry}: {Why}")]
    partial void LogUntold(string entry, string why);
}
