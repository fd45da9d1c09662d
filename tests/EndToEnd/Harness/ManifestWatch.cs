using System.Collections.Concurrent;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>Reads a manifest again and again until it is disposed, hands each to who plays it, and notes in words what broke a rule.</summary>
sealed class ManifestWatch : IAsyncDisposable
{
    readonly HttpClient _http;
    readonly Uri _manifest;
    readonly TimeSpan _every;
    readonly CancellationTokenSource _ending = new();
    readonly ConcurrentQueue<string> _problems = new();
    readonly Func<byte[], Task> _play;
    Task _watching = Task.CompletedTask;

    public ManifestWatch(HttpClient http, Uri manifest, TimeSpan every, Func<byte[], Task> play) =>
        (_http, _manifest, _every, _play) = (http, manifest, every, play);

    /// <summary>From here on; before it, who plays may not be complete yet.</summary>
    public void Begin() => _watching = Watch();

    /// <summary>Cancelled when nobody watches any more.</summary>
    public CancellationToken Ended => _ending.Token;

    public IReadOnlyCollection<string> Problems => _problems;

    public void Note(string problem) => _problems.Enqueue(problem);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    async Task Watch()
    {
        while (!Ended.IsCancellationRequested)
        {
            try
            {
                await _play(await _http.GetByteArrayAsync(_manifest, Ended));
                await Task.Delay(_every, Ended);
            }
            catch (Exception broken) when (broken is DashRuleException or SmoothRuleException or HttpRequestException)
            {
                Note($"{_manifest.AbsolutePath}: {broken.Message}");
            }
            catch (OperationCanceledException)
            {
                if (!Ended.IsCancellationRequested)
                {
                    Note($"{_manifest.AbsolutePath}: no answer in time");
                }
            }
        }
    }
}
