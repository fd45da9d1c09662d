using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Tributary.Grains.LiveStreams;

namespace Tributary.Grains.KLive;

/// <summary>
/// What older media servers tell their operators: whom they refused, which encoders they have, how they do; and it ends one. The shapes and their spelling are
/// theirs; no token is in any.
/// </summary>
public sealed class EntryDiagnostics(EntryBroadcasts broadcasts, MediaServerNode node, IGrainFactory grains, IOptions<KLiveOptions> options, TimeProvider time)
{
    const int MostRefused = 100, Kilo = 1_000;   // bitrates are in kbit/s, as encoders declare theirs in what they say of themselves
    static readonly TimeSpan LeastCpuSpan = TimeSpan.FromSeconds(1);

    readonly Queue<(EntryClaim Claim, string Why, DateTimeOffset At)> _refused = new();
    readonly DateTimeOffset _started = time.GetUtcNow();
    readonly CpuSpan _cpu = new() { At = time.GetTimestamp(), Total = Environment.CpuUsage.TotalTime };

    internal void Refused(EntryClaim claim, string why)
    {
        lock (_refused)
        {
            _refused.Enqueue((claim with { Token = "" }, why, time.GetUtcNow()));
            if (_refused.Count > MostRefused)
            {
                _refused.Dequeue();
            }
        }
    }

    /// <summary>The newest refusals, by the millisecond at which they were.</summary>
    public JsonObject Errors()
    {
        var errors = new JsonObject();
        lock (_refused)
        {
            foreach (var (claim, why, at) in _refused)
            {
                var key = at.ToUnixTimeMilliseconds();
                while (errors.ContainsKey(key.ToString(CultureInfo.InvariantCulture)))
                {
                    key++;
                }

                errors[key.ToString(CultureInfo.InvariantCulture)] = new JsonObject
                {
                    ["ConnectionUrl"] = UrlOf(claim.Entry, claim.Partner, claim.Index), ["message"] = why, ["IP"] = claim.Address.ToString(), ["Time"] = at.ToString("O", CultureInfo.InvariantCulture),
                };
            }
        }

        return errors;
    }

    static string UrlOf(string entry, int partner, int index) => string.Create(CultureInfo.InvariantCulture, $"kLive?p={partner}&e={entry}&i={index}/{entry}");

    /// <summary>The entries that are published on this node.</summary>
    public async Task<JsonObject> Entries()
    {
        var places = broadcasts.Places();
        var entries = new JsonObject();
        foreach (var entry in places.GroupBy(place => place.Entry))
        {
            var stream = await grains.GetGrain<ILiveStreamGrain>(entry.Key).Describe().WaitAsync(options.Value.AnswerTimeout, time);
            var inputs = new JsonObject();
            foreach (var slot in stream.Slots.Where(slot => entry.Any(place => place.Index == slot.Slot)))
            {
                inputs[slot.Slot.ToString(CultureInfo.InvariantCulture)] = Input(slot, entry.First(place => place.Index == slot.Slot));
            }

            entries[entry.Key] = new JsonObject { ["currentTime"] = time.GetUtcNow().ToUnixTimeMilliseconds(), ["inputs"] = inputs, ["outputs"] = Outputs(stream) };
        }

        return entries;
    }

    // What an encoder says of itself counts less than what is measured.
    JsonObject Input(SlotDescription slot, EntryPlace place)
    {
        var source = broadcasts.Find(slot.Request.Session);
        var encoder = new JsonObject();
        foreach (var (name, said) in source?.Metadata() ?? new Dictionary<string, string>())
        {
            encoder[name] = said;
        }

        Measure(encoder, slot.Health.Tracks);
        encoder["syncPTSData"] = slot is { Clock90k: { } place90k, ClockTime: { } at }
            ? new JsonObject { ["systemTime"] = at.ToUnixTimeMilliseconds(), ["pts"] = place90k / 90 } : new JsonObject();
        return new JsonObject
        {
            ["Encoder"] = encoder,
            ["IOPerformance"] = new JsonObject { ["bitrate"] = slot.Health.Bitrate / Kilo },
            ["Properties"] = new JsonObject
            {
                ["timeRunningSeconds"] = Math.Max(0, (time.GetUtcNow() - slot.Since).TotalSeconds), ["ConectionUrl"] = UrlOf(place.Entry, place.Partner, place.Index),
                ["pingRoundTripTime"] = source?.RoundTrip()?.TotalMilliseconds, ["IP"] = source?.Address ?? "", ["encoder"] = slot.Request.Encoder, ["Id"] = slot.Request.Session.ToString(),
            },
        };
    }

    // By the number of the rendition, as older servers list what their transcoders make. Here nothing is transcoded: what goes out is the source on air.
    internal static JsonObject Outputs(LiveStreamDescription stream)
    {
        var onAir = stream.Renditions.Where(static rendition => rendition.OnAir).Select(static rendition => (rendition.Rendition, rendition.Tracks));
        var alone = stream.Slots.Where(slot => slot.OnAir && stream.Renditions.Length == 0).Select(static slot => (Rendition: RenditionName.First, slot.Health.Tracks));
        var outputs = new JsonObject();
        foreach (var (rendition, tracks) in onAir.Concat(alone))
        {
            outputs[rendition.ToString(CultureInfo.InvariantCulture)] = new JsonObject
            {
                ["Encoder"] = Measure([], tracks), ["IOPerformance"] = new JsonObject { ["bitrate"] = tracks.Sum(static track => track.Bitrate) / Kilo },
            };
        }

        return outputs;
    }

    static JsonObject Measure(JsonObject encoder, TrackSummary[] tracks)
    {
        var (picture, sound) = (tracks.FirstOrDefault(static track => track.Width > 0), tracks.FirstOrDefault(static track => track.SampleRate > 0));
        (encoder["videoCodec"], encoder["audioCodec"], encoder["frameRate"]) = (picture?.Codec ?? "", sound?.Codec ?? "", (picture?.MilliFramesPerSecond ?? 0) / 1_000.0);
        (encoder["videoBitrate"], encoder["audioBitrate"]) = ((picture?.Bitrate ?? 0) / Kilo, (sound?.Bitrate ?? 0) / Kilo);
        (encoder["width"], encoder["height"], encoder["audioSampleRate"]) = (picture?.Width ?? 0, picture?.Height ?? 0, sound?.SampleRate ?? 0);
        return encoder;
    }

    public JsonObject Info()
    {
        var places = broadcasts.Places();
        return new JsonObject
        {
            ["jarName"] = "tributary", ["version"] = Assembly.GetExecutingAssembly().GetName().Version?.ToString() ?? "", ["dateStarted"] = _started.ToString("O", CultureInfo.InvariantCulture),
            ["timeRunning"] = (time.GetUtcNow() - _started).TotalSeconds, ["hostName"] = node.HostName, ["cpuUsage"] = CpuUsage(), ["gpu"] = false,
            ["inputStreamsCount"] = broadcasts.Encoders, ["outputStreamsCount"] = broadcasts.Encoders, ["entriesCount"] = places.Select(place => place.Entry).Distinct().Count(),
        };
    }

    // Of all processors in percent, since somebody asked before; over a second at least.
    double CpuUsage()
    {
        lock (_cpu)
        {
            var elapsed = time.GetElapsedTime(_cpu.At);
            if (elapsed >= LeastCpuSpan)
            {
                var total = Environment.CpuUsage.TotalTime;
                _cpu.Percent = Math.Clamp((total - _cpu.Total) / elapsed / Environment.ProcessorCount * 100, 0, 100);
                (_cpu.At, _cpu.Total) = (time.GetTimestamp(), total);
            }

            return Math.Round(_cpu.Percent, 1);
        }
    }

    sealed class CpuSpan
    {
        public long At { get; set; }

        public TimeSpan Total { get; set; }

        public double Percent { get; set; }
    }

    /// <summary>Ends an encoder by the id that <see cref="Entries"/> shows.</summary>
    public async Task<JsonObject> Kill(string id) => Guid.TryParse(id, out var session) && await broadcasts.Cut(session)
        ? new JsonObject { ["Succeed"] = true }
        : new JsonObject { ["Error"] = "No encoder of an entry has this clientId here." };
}
