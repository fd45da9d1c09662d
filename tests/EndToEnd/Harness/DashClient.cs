using System.Collections.Concurrent;
using System.Net;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>A DASH player that forgives nothing: it polls a manifest, holds each against <see cref="DashRules"/> and fetches all that it lists.</summary>
sealed class DashClient : IAsyncDisposable
{
    readonly HttpClient _http;
    readonly Uri _manifest;
    readonly CancellationTokenSource _ending = new();
    readonly ConcurrentQueue<string> _problems = new();
    readonly HashSet<string> _fetched = [];
    readonly Task _watching;

    DashClient(HttpClient http, Uri manifest)
    {
        (_http, _manifest) = (http, manifest);
        _watching = Watch();
    }

    public IReadOnlyCollection<string> Problems => _problems;

    public IReadOnlySet<string> Periods => _periods;

    readonly HashSet<string> _periods = [];

    /// <summary>Bytes of media, by URL below the stream.</summary>
    public int Fetched => _fetched.Count;

    /// <summary>Segments whose first bytes came before their last were made.</summary>
    public int Chunked { get; private set; }

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

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    async Task Watch()
    {
        ParsedManifest? before = null;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                var now = DashRules.Check(await _http.GetByteArrayAsync(_manifest, _ending.Token));
                if (before is not null)
                {
                    DashRules.CheckUpdate(before, now);
                }

                (before, Last) = (now, now.Segments.Max(segment => segment.Number));
                _periods.UnionWith(now.Periods.Select(period => period.Id));
                await Task.WhenAll(now.Segments.SelectMany(segment => new[] { segment.Init, segment.Uri }).Distinct().Where(_fetched.Add).Select(Fetch));
                await Task.Delay(250, _ending.Token);
            }
            catch (Exception broken) when (broken is DashRuleException or HttpRequestException)
            {
                _problems.Enqueue($"{_manifest.AbsolutePath}: {broken.Message}");
            }
            catch (OperationCanceledException)
            {
                if (!_ending.IsCancellationRequested)
                {
                    _problems.Enqueue($"{_manifest.AbsolutePath}: no answer in time");
                }
            }
        }
    }

    async Task Fetch(string uri)
    {
        using var answer = await _http.GetAsync(new Uri(_manifest, uri), HttpCompletionOption.ResponseHeadersRead, _ending.Token);
        var bytes = await answer.Content.ReadAsByteArrayAsync(_ending.Token);
        Chunked += answer.Headers.TransferEncodingChunked == true ? 1 : 0;
        if (answer.StatusCode != HttpStatusCode.OK || bytes.Length == 0)
        {
            _problems.Enqueue($"{uri} answered {(int)answer.StatusCode} with {bytes.Length} bytes");
        }
    }
}
