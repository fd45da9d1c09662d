using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Outside;

/// <summary>
/// Streams of other servers: live entries that only name addresses ("manual"). One is on air while its address answers. Everybody may ask that, so an
/// address is asked once for all who ask, few at the same time, and what it said is kept for <see cref="OnAirAge"/> or <see cref="OffAirAge"/>.
/// </summary>
public sealed class OtherServers(OutsideHttp outside, IOptions<PlatformOptions> options, TimeProvider time, IMeterFactory meters) : IDisposable
{
    const int MostOfPlaylist = 64 * 1_024, MostAddresses = 10_000, AtOnce = 16;

    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan OnAirAge = TimeSpan.FromSeconds(30), OffAirAge = TimeSpan.FromSeconds(5);

    readonly HttpClient _http = outside.Client(options.Value.OtherServerPatience);
    readonly SemaphoreSlim _free = new(AtOnce);
    readonly ConcurrentDictionary<Uri, Known> _known = new();
    readonly Counter<long> _asked = meters.Create("Tributary.Platform").CreateCounter<long>(
        "tributary.platform.other_servers.asked", "{request}", "Times that the address of another server's stream was asked, by what it said.");

    /// <summary>Where an entry's stream is in the form that a protocol names (KalturaPlaybackProtocol; empty: HLS, or else its first); null: nowhere that HTTP reaches.</summary>
    public static Uri? AddressOf(PlatformObject entry, string protocol)
    {
        var configured = entry.Objects("liveStreamConfigurations").ToList();
        var named = protocol is "" or "hls" or "applehttp" or "applehttp_to_mc" ? configured.Find(one => one.Text("protocol") is "hls" or "applehttp") : configured.Find(one => one.Text("protocol") == protocol);
        var hls = protocol is "" or "hls" or "applehttp" or "applehttp_to_mc" ? entry.Text("hlsStreamUrl") : "";
        var url = named?.Text("url") ?? (hls.Length > 0 ? hls : protocol.Length == 0 ? configured.FirstOrDefault()?.Text("url") : null);
        return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : null;
    }

    /// <summary>Whether it answers with success; where it is a multivariant playlist (RFC 8216 §4.3.4), whether its first rendition does.</summary>
    public Task<bool> IsOnAir(Uri address)
    {
        var known = _known.GetOrAdd(address, Ask);
        if (known.IsOver(time))
        {
            _known.TryUpdate(address, Ask(address), known);
            known = _known.GetValueOrDefault(address, known);
        }

        if (_known.Count > MostAddresses)
        {
            _known.Clear();   // who still asks is answered anew
        }

        return known.Answer.Value;
    }

    Known Ask(Uri address)
    {
        var known = new Known();
        known.Answer = new Lazy<Task<bool>>(async () =>
        {
            var onAir = await Answers(address);
            _asked.Add(1, new KeyValuePair<string, object?>("on_air", onAir));
            known.Keep(time, onAir ? OnAirAge : OffAirAge);
            return onAir;
        });
        return known;
    }

    async Task<bool> Answers(Uri address)
    {
        await _free.WaitAsync();
        try
        {
            if (FirstRendition(await Get(address)) is { } rendition)
            {
                await Get(new Uri(address, rendition));
            }

            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or NotSupportedException or UriFormatException)
        {
            return false;
        }
        finally
        {
            _free.Release();
        }
    }

    // The text of a playlist; nothing of what is no playlist, which may have no end.
    async Task<string> Get(Uri address)
    {
        using var answer = await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        if (!address.AbsolutePath.EndsWith(".m3u8", StringComparison.OrdinalIgnoreCase))
        {
            return "";
        }

        using var patience = new CancellationTokenSource(options.Value.OtherServerPatience, time);
        await using var body = await answer.Content.ReadAsStreamAsync(patience.Token);
        var text = new byte[MostOfPlaylist];
        return Encoding.UTF8.GetString(text, 0, await body.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, patience.Token));
    }

    static string? FirstRendition(string text)
    {
        var lines = text.StartsWith("#EXTM3U", StringComparison.Ordinal) ? text.Split('\n', StringSplitOptions.TrimEntries) : [];
        var variant = Array.FindIndex(lines, line => line.StartsWith("#EXT-X-STREAM-INF:", StringComparison.Ordinal));
        return variant < 0 ? null : Array.Find(lines[variant..], line => line.Length > 0 && line[0] != '#');
    }

    public void Dispose()
    {
        _http.Dispose();
        _free.Dispose();
    }

    sealed class Known
    {
        long _until = long.MaxValue;

        public Lazy<Task<bool>> Answer { get; set; } = null!;

        public void Keep(TimeProvider time, TimeSpan age) => Volatile.Write(ref _until, (time.GetUtcNow() + age).UtcTicks);

        /// <summary>Whether it was answered, and too long ago.</summary>
        public bool IsOver(TimeProvider time) => time.GetUtcNow().UtcTicks > Volatile.Read(ref _until);
    }
}
