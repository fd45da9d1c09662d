using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tributary.Media.Packaging.Hls;
using Tributary.Media.Packaging.Live;

namespace Tributary.Gateway.Metrics;

/// <summary>What the gateway counts.</summary>
public sealed class GatewayMetrics
{
    static readonly string[] Kinds = [.. Enum.GetNames<HlsKind>().Select(name => name.ToLowerInvariant())];

    readonly Counter<long> _requests;
    readonly Counter<long> _sent;
    readonly Counter<long> _refused;
    readonly Counter<long> _waitsRefused;
    readonly Histogram<double> _mux;
    readonly Histogram<double> _wait;

    public GatewayMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Tributary.Gateway");
        _requests = meter.CreateCounter<long>("tributary.gateway.requests", "{request}", "Requests for live streams, by kind and status.");
        _sent = meter.CreateCounter<long>("tributary.gateway.sent", "By", "Bytes of playlists and media sent.");
        _refused = meter.CreateCounter<long>("tributary.gateway.windows_refused", "{window}", "Streams over Gateway:Hls:MaxWindows.");
        _mux = meter.CreateHistogram("tributary.gateway.mux.duration", "s", "Time to write a segment or the header of a part.", advice:
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.000_01, 0.000_1, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25] });
        _waitsRefused = meter.CreateCounter<long>("tributary.gateway.waits_refused", "{request}", "Requests that found Gateway:Hls:MaxWaiting waiting.");
        _wait = meter.CreateHistogram("tributary.gateway.wait.duration", "s", "Time that requests were held for a playlist, a part or a segment.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16] });
        meter.CreateObservableGauge("tributary.gateway.waiting", () => Waiting?.Invoke() ?? 0, "{request}", "Requests that are held right now.");
        meter.CreateObservableGauge("tributary.gateway.windows", () => Windows?.Invoke() ?? 0, "{window}", "Streams that the gateway follows.");
        meter.CreateObservableCounter("tributary.gateway.playlist_renders", () => PlaylistText.Written, "{playlist}", "Playlists written.");
    }

    internal Func<int>? Windows { get; set; }

    internal Func<int>? Waiting { get; set; }

    /// <summary>Counts an answer; <paramref name="kind"/> is null where nothing was asked for that exists.</summary>
    internal void Answered(HlsKind? kind, int status) => Answered(kind is { } known ? Kinds[(int)known] : "other", status);

    internal void Answered(string kind, int status)
    {
        if (_requests.Enabled)
        {
            _requests.Add(1, new("kind", kind), new("status", StatusText(status)));
        }
    }

    internal void WaitRefused() => _waitsRefused.Add(1);

    internal void Waited(TimeSpan time) => _wait.Record(time.TotalSeconds);

    internal void Sent(long bytes) => _sent.Add(bytes);

    internal void WindowRefused() => _refused.Add(1);

    /// <summary>The same containers, timed.</summary>
    internal SegmentMuxers Timed(SegmentMuxers muxers) => muxers with
    {
        Ts = (output, video, audio, frames, msn, id3) =>
        {
            var started = Stopwatch.GetTimestamp();
            muxers.Ts(output, video, audio, frames, msn, id3);
            _mux.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("form", "ts"));
        },
        ChunkHeader = (output, track, frames, endDts, sequence) =>
        {
            var started = Stopwatch.GetTimestamp();
            muxers.ChunkHeader(output, track, frames, endDts, sequence);
            _mux.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("form", "cmaf"));
        },
    };

    // Without boxing a number per request.
    static string StatusText(int status) => status switch
    {
        200 => "200", 206 => "206", 304 => "304", 307 => "307", 400 => "400", 404 => "404", 410 => "410", 416 => "416", 503 => "503", _ => "other",
    };
}
