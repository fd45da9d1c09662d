using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>
/// A low-latency player that forgives nothing: it follows each rendition by blocking reloads and delta updates, fetches every part while it is only
/// hinted at, holds each answer against <see cref="HlsRules"/> and <see cref="LowLatencyRules"/>, and the parts against their segments.
/// </summary>
sealed class LowLatencyClient : IAsyncDisposable
{
    readonly HttpClient _http;
    readonly CancellationTokenSource _ending = new();
    readonly ConcurrentQueue<string> _problems = new();
    readonly ConcurrentQueue<string> _unreported = new();
    readonly Dictionary<string, ParsedPlaylist> _newest = [];
    readonly Task _watching;

    readonly int _others;

    LowLatencyClient(HttpClient http, Uri folder, string[] renditions)
    {
        (_http, _others) = (http, renditions.Length - 1);
        _watching = Task.WhenAll(renditions.Select(rendition => Watch(new Uri(folder, rendition))));
    }

    /// <summary>What broke a rule, in words.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>Parts that were fetched while they were only hinted at.</summary>
    public int HintedParts { get; private set; }

    public int Reloads { get; private set; }

    /// <summary>How long reloads were held, in seconds.</summary>
    public ConcurrentBag<double> Held { get; } = [];

    public int Discontinuities { get; private set; }

    /// <summary>Playlists without a report of every other rendition, in words.</summary>
    public IReadOnlyCollection<string> Unreported => _unreported;

    /// <summary>Delta updates that were held against the whole playlist.</summary>
    public int Deltas { get; private set; }

    public (long Msn, int Part) Edge { get; private set; } = (-1, -1);

    public static async Task<LowLatencyClient> Open(HttpClient http, Uri master)
    {
        var variants = await Eventually.Get($"{master} has renditions", TimeSpan.FromSeconds(20), async () =>
        {
            using var answer = await http.GetAsync(master);
            return answer.IsSuccessStatusCode ? HlsRules.CheckMaster(await answer.Content.ReadAsByteArrayAsync()) : null;
        });
        return new LowLatencyClient(http, master, [.. variants.Select(variant => variant.Uri).Distinct()]);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    async Task Watch(Uri rendition)
    {
        var parts = new Dictionary<string, byte[]>();
        ParsedPlaylist? before = null;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                var now = await Reload(rendition, before);
                if (before is not null)
                {
                    HlsRules.CheckReload(before, now);
                    LowLatencyRules.CheckReload(before, now);
                }

                Note(rendition, now, before);
                NoteReports(rendition, now);
                await CheckDelta(rendition, now);
                await FetchHint(rendition, now, parts);
                await CheckSegment(rendition, now, parts);
                before = now;
            }
            catch (Exception broken) when (broken is HlsRuleException or HttpRequestException)
            {
                _problems.Enqueue($"{rendition.AbsolutePath}: {broken.Message}");
                before = null;
            }
            catch (OperationCanceledException)
            {
                if (!_ending.IsCancellationRequested)
                {
                    _problems.Enqueue($"{rendition.AbsolutePath}: no answer in time");
                }
            }
        }
    }

    async Task<ParsedPlaylist> Reload(Uri rendition, ParsedPlaylist? before)
    {
        if (before is null)
        {
            return HlsRules.CheckMedia(await Get(rendition));
        }

        var (msn, part) = before.Edge;
        var (nextMsn, nextPart) = part < 0 ? (msn + 1, 0) : (msn, part + 1);
        var asked = Stopwatch.GetTimestamp();
        using var answer = await _http.GetAsync(new Uri(rendition, $"?_HLS_msn={nextMsn}&_HLS_part={nextPart}"), _ending.Token);
        Held.Add(Stopwatch.GetElapsedTime(asked).TotalSeconds);
        Reloads++;
        HlsRules.Rule(answer.StatusCode == HttpStatusCode.OK, $"a blocking reload is answered, not {(int)answer.StatusCode}");
        return HlsRules.CheckMedia(await answer.Content.ReadAsByteArrayAsync(_ending.Token));
    }

    async Task<byte[]> Get(Uri address)
    {
        using var answer = await _http.GetAsync(address, _ending.Token);
        var bytes = await answer.Content.ReadAsByteArrayAsync(_ending.Token);
        HlsRules.Rule(answer.StatusCode == HttpStatusCode.OK, $"{address.PathAndQuery} is there, not {(int)answer.StatusCode}: {Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 200)))}");
        return bytes;
    }

    // Now and then; where the playlist has gone on meanwhile, the two are not of one moment.
    async Task CheckDelta(Uri rendition, ParsedPlaylist now)
    {
        if (Reloads % 10 == 1)
        {
            var delta = HlsRules.ParseMedia(await Get(new Uri(rendition, $"?_HLS_msn={now.Edge.Msn}&_HLS_part={Math.Max(now.Edge.Part, 0)}&_HLS_skip=YES")));
            if (delta.Edge == now.Edge && delta.Parts.Count == now.Parts.Count)
            {
                LowLatencyRules.CheckDelta(now, delta);
                Deltas++;
            }
        }
    }

    void Note(Uri rendition, ParsedPlaylist now, ParsedPlaylist? before)
    {
        if (rendition.AbsolutePath.Contains("-v1", StringComparison.Ordinal))
        {
            var last = before?.Segments[^1].Msn ?? now.Segments[^1].Msn;
            Discontinuities += now.Segments.Where(segment => segment.Msn > last).Sum(segment => segment.Discontinuities);
            Edge = now.Edge;
        }

        // The report of a rendition is never ahead of what that rendition itself lists by the time somebody reads it.
        lock (_newest)
        {
            _newest[rendition.Segments[^1]] = now;
        }
    }

    void NoteReports(Uri rendition, ParsedPlaylist now)
    {
        if (now.Segments.Count > 1 && now.Reports.Count < _others)   // a rendition that has no whole segment yet is not reported on
        {
            _unreported.Enqueue($"{rendition.Segments[^1]} at {now.Edge} reports on {string.Join(", ", now.Reports.Select(report => report.Uri))}");
        }
    }

    async Task FetchHint(Uri rendition, ParsedPlaylist now, Dictionary<string, byte[]> parts)
    {
        if (now.Hint is null)
        {
            return;
        }

        using var answer = await _http.GetAsync(new Uri(rendition, now.Hint), _ending.Token);
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            parts[now.Hint] = await answer.Content.ReadAsByteArrayAsync(_ending.Token);
            HintedParts++;
        }
    }

    // Whole segments of which every part is known; each is looked at once. One whose source was lost within it is a gap, which nobody fetches.
    async Task CheckSegment(Uri rendition, ParsedPlaylist now, Dictionary<string, byte[]> parts)
    {
        var segment = now.Segments[^1];
        var listed = now.Parts.Where(part => part.Msn == segment.Msn).ToList();
        if (!segment.Gap && listed.Count > 0 && listed.All(part => parts.ContainsKey(part.Uri)))
        {
            byte[] joined = [.. listed.SelectMany(part => parts[part.Uri])];
            var whole = await Get(new Uri(rendition, segment.Uri));
            HlsRules.Rule(whole.AsSpan().SequenceEqual(joined), $"the parts of {segment.Msn} are its bytes");
            listed.ForEach(part => parts.Remove(part.Uri));
        }
    }
}
