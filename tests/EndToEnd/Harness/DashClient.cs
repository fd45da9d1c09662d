using System.Net;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>A DASH player that forgives nothing: it polls a manifest, holds each against <see cref="DashRules"/> and fetches all that it lists.</summary>
sealed class DashClient : IAsyncDisposable
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    readonly HttpClient _http;
    readonly Uri _manifest;
    readonly DashHistory _history = new();
    readonly HashSet<string> _fetched = [];
    readonly HashSet<string> _periods = [];
    readonly List<DashSegment> _refused = [];
    readonly ManifestWatch _watch;

    DashClient(HttpClient http, Uri manifest)
    {
        (_http, _manifest) = (http, manifest);
        _watch = new ManifestWatch(http, manifest, Every, Play);
        _watch.Begin();
    }

    public IReadOnlyCollection<string> Problems => _watch.Problems;

    public IReadOnlySet<string> Periods => _periods;

    /// <summary>Bytes of media, by URL below the stream.</summary>
    public int Fetched => _fetched.Count;

    /// <summary>Segments whose first bytes came before their last were made.</summary>
    public int Chunked { get; private set; }

    /// <summary>Segments that were listed while they were cut, and taken back when their source was lost.</summary>
    public int Withdrawn => _history.Withdrawn.Count;

    public long Last { get; private set; } = -1;

    public static async Task<DashClient> Open(HttpClient http, Uri manifest)
    {
        await Eventually.IsTrue($"{manifest} is there", TimeSpan.FromSeconds(20), async () =>
        {
            using var answer = await http.GetAsync(manifest);
            return answer.StatusCode == HttpStatusCode.OK && answer.Content.Headers.ContentType?.MediaType == "application/dash+xml";
        });
        return new DashClient(http, manifest);
    }

    public ValueTask DisposeAsync() => _watch.DisposeAsync();

    async Task Play(byte[] manifest)
    {
        var now = DashRules.Check(manifest);
        _history.Add(now);
        Last = now.Segments.Max(segment => segment.Number);
        _periods.UnionWith(now.Periods.Select(period => period.Id));

        // A number that had nothing is listed no more.
        foreach (var segment in _refused.Where(refused => now.Segments.Any(segment => segment.Uri == refused.Uri)))
        {
            _watch.Note($"{segment.Uri} was refused and is listed still");
        }

        _refused.Clear();
        foreach (var segment in now.Segments)
        {
            if (_fetched.Add(segment.Init))
            {
                await Fetch(segment.Init);
            }
        }

        var fresh = now.Segments.Where(segment => _fetched.Add(segment.Uri)).ToArray();
        var found = await Task.WhenAll(fresh.Select(segment => Fetch(segment.Uri, mayBeWithdrawn: now.LowLatency)));
        _refused.AddRange(fresh.Where((_, index) => !found[index]));
    }

    async Task<bool> Fetch(string uri, bool mayBeWithdrawn = false)
    {
        using var answer = await _http.GetAsync(new Uri(_manifest, uri), HttpCompletionOption.ResponseHeadersRead, _watch.Ended);
        var bytes = await answer.Content.ReadAsByteArrayAsync(_watch.Ended);
        Chunked += answer.Headers.TransferEncodingChunked == true ? 1 : 0;
        if (answer.StatusCode == HttpStatusCode.NotFound && mayBeWithdrawn)
        {
            return false;
        }

        if (answer.StatusCode != HttpStatusCode.OK || bytes.Length == 0)
        {
            _watch.Note($"{uri} answered {(int)answer.StatusCode} with {bytes.Length} bytes");
        }

        return true;
    }
}
