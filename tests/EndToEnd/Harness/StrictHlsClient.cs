using System.Collections.Concurrent;
using System.Net;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>
/// A player that forgives nothing: it polls every rendition of a stream more often than RFC 8216 §6.3.4 allows, holds each answer against
/// <see cref="HlsRules"/>, fetches every segment once it is listed, and notes whatever a real player might stumble over. Nothing is decoded here; <see cref="RenditionRecord.Save"/> hands the bytes to those who do.
/// </summary>
sealed class StrictHlsClient : IAsyncDisposable
{
    readonly HttpClient _http;
    readonly CancellationTokenSource _ending = new();
    readonly ConcurrentQueue<string> _problems = new();
    readonly Task _watching;

    StrictHlsClient(HttpClient http, IReadOnlyList<RenditionRecord> renditions)
    {
        _http = http;
        Renditions = renditions;
        _watching = Task.WhenAll(renditions.Select(Watch));
    }

    public IReadOnlyList<RenditionRecord> Renditions { get; }

    /// <summary>What broke a rule, in words.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    public RenditionRecord Video => Rendition("-v1");

    public RenditionRecord Audio => Rendition("-a1");

    /// <summary>Waits for a playable master playlist and follows everything in it until disposed.</summary>
    public static async Task<StrictHlsClient> Open(HttpClient http, Uri master, TimeSpan? within = null)
    {
        var variants = await Eventually.Get($"{master} has renditions", within ?? TimeSpan.FromSeconds(20), async () =>
        {
            using var answer = await http.GetAsync(master);
            return answer.IsSuccessStatusCode ? HlsRules.CheckMaster(await answer.Content.ReadAsByteArrayAsync()) : null;
        });
        return new StrictHlsClient(http, [.. variants.Select(variant => new Uri(master, variant.Uri)).Distinct().Select(address => new RenditionRecord(address))]);
    }

    /// <summary>Waits until every rendition satisfies <paramref name="enough"/>.</summary>
    public Task Until(string what, TimeSpan within, Func<RenditionRecord, bool> enough) =>
        Eventually.IsTrue(what, within, () => Task.FromResult(Renditions.All(enough)));

    /// <summary>Waits until every rendition has this many segments.</summary>
    public Task UntilSegments(int count, TimeSpan within) => Until($"{count} segments", within, rendition => rendition.Count >= count);

    /// <summary>Fails with all that was noted, if anything was.</summary>
    public void AssertNothingWrong() => Assert.True(_problems.IsEmpty, string.Join('\n', _problems));

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    RenditionRecord Rendition(string mark) => Renditions.First(rendition => rendition.Address.AbsolutePath.Contains(mark, StringComparison.Ordinal));

    async Task Watch(RenditionRecord rendition)
    {
        while (!_ending.IsCancellationRequested)
        {
            await Poll(rendition);
            var pause = TimeSpan.FromSeconds(Math.Max(0.25, (rendition.Playlist?.TargetDuration ?? 1) / 4.0));
            await Task.Delay(pause, _ending.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    async Task Poll(RenditionRecord rendition)
    {
        try
        {
            using var answer = await _http.GetAsync(rendition.Address, _ending.Token);
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                CheckHeaders(rendition, answer);
                var playlist = HlsRules.CheckMedia(await answer.Content.ReadAsByteArrayAsync(_ending.Token));
                CheckPlaylist(rendition, rendition.Playlist, playlist);
                await Fetch(rendition, playlist);
            }
            else if (!rendition.MayBeAway)
            {
                Note(rendition, $"answered {(int)answer.StatusCode}");
            }
        }
        catch (HttpRequestException failure)
        {
            if (!rendition.MayBeAway)
            {
                Note(rendition, failure.Message);
            }
        }
        catch (HlsRuleException broken)
        {
            Note(rendition, broken.Message);
        }
        catch (OperationCanceledException)
        {
            if (!_ending.IsCancellationRequested && !rendition.MayBeAway)
            {
                Note(rendition, "did not answer in time");
            }
        }
    }

    void CheckHeaders(RenditionRecord rendition, HttpResponseMessage answer)
    {
        if (answer.Content.Headers.ContentType?.MediaType is not ("application/vnd.apple.mpegurl" or "audio/mpegurl"))
        {
            Note(rendition, $"is {answer.Content.Headers.ContentType}");
        }

        if (!answer.Headers.TryGetValues("Access-Control-Allow-Origin", out _))
        {
            Note(rendition, "has no CORS header");
        }
    }

    void CheckPlaylist(RenditionRecord rendition, ParsedPlaylist? before, ParsedPlaylist now)
    {
        if (now.Ended)
        {
            Note(rendition, "has ENDLIST while live");
        }

        // A server that came back cold has none of the old segments, and must begin above all of them.
        if (before is not null && (!rendition.MayBeAway || now.MediaSequence <= rendition.Last))
        {
            HlsRules.CheckReload(before, now);
        }

        if (before is not null)
        {
            if (now.DiscontinuitySequence < before.DiscontinuitySequence)
            {
                Note(rendition, $"discontinuities went from {before.DiscontinuitySequence} to {now.DiscontinuitySequence}");
            }

            if (now.MediaSequence > rendition.Last + 1 && !rendition.MayBeAway)
            {
                Note(rendition, $"skipped from {rendition.Last} to {now.MediaSequence}");
            }
        }

        foreach (var other in Renditions.Where(other => other != rendition && other.Playlist is not null))
        {
            HlsRules.CheckAligned(now, other.Playlist!);
        }
    }

    async Task Fetch(RenditionRecord rendition, ParsedPlaylist playlist)
    {
        rendition.Playlist = playlist;
        foreach (var segment in playlist.Segments.Where(segment => !rendition.Knows(segment.Msn)))
        {
            if (segment.Gap)
            {
                rendition.Keep(segment, []);
                continue;
            }

            if (segment.Map is { } map && rendition.NeedsMap(map))
            {
                rendition.KeepMap(map, await Bytes(rendition, map));
            }

            rendition.Keep(segment, await Bytes(rendition, segment.Uri));
        }
    }

    async Task<byte[]> Bytes(RenditionRecord rendition, string relative)
    {
        var address = new Uri(rendition.Address, relative);
        using var answer = await _http.GetAsync(address, _ending.Token);
        var bytes = await answer.Content.ReadAsByteArrayAsync(_ending.Token);
        if (answer.StatusCode != HttpStatusCode.OK || bytes.Length == 0)
        {
            Note(rendition, $"{address} answered {(int)answer.StatusCode} with {bytes.Length} bytes");
        }

        return bytes;
    }

    void Note(RenditionRecord rendition, string what)
    {
        if (_problems.Count < 50)
        {
            _problems.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {rendition.Address.AbsolutePath}: {what}");
        }
    }
}
