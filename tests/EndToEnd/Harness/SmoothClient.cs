using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>A Smooth Streaming player that forgives nothing: it polls a manifest, holds each against <see cref="SmoothRules"/> and fetches each fragment that it lists.</summary>
sealed class SmoothClient : IAsyncDisposable
{
    readonly HttpClient _http;
    readonly Uri _manifest;
    readonly CancellationTokenSource _ending = new();
    readonly ConcurrentQueue<string> _problems = new();
    readonly HashSet<(string, long)> _fetched = [];
    readonly Task _watching;

    SmoothClient(HttpClient http, Uri manifest)
    {
        (_http, _manifest) = (http, manifest);
        _watching = Watch();
    }

    public IReadOnlyCollection<string> Problems => _problems;

    public int Fetched => _fetched.Count;

    public static async Task<SmoothClient> Open(HttpClient http, Uri manifest)
    {
        await Eventually.IsTrue($"{manifest} is there", TimeSpan.FromSeconds(20), async () =>
        {
            using var answer = await http.GetAsync(manifest);
            return answer.StatusCode == HttpStatusCode.OK;
        });
        return new SmoothClient(http, manifest);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    async Task Watch()
    {
        IReadOnlyList<SmoothFragmentListed>? before = null;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                var now = SmoothRules.Check(await _http.GetByteArrayAsync(_manifest, _ending.Token));
                if (before is not null)
                {
                    SmoothRules.CheckUpdate(before, now);
                }

                before = now;
                await Task.WhenAll(now.Where(fragment => _fetched.Add((fragment.Stream, fragment.Time))).Select(Fetch));
                await Task.Delay(500, _ending.Token);
            }
            catch (Exception broken) when (broken is SmoothRuleException or HttpRequestException)
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

    // A quality that is away has nothing at this place: the protocol has no way to say so but its answer. One of them has it.
    async Task Fetch(SmoothFragmentListed fragment)
    {
        var found = false;
        foreach (var url in fragment.Urls)
        {
            using var answer = await _http.GetAsync(new Uri(_manifest, url), _ending.Token);
            var bytes = await answer.Content.ReadAsByteArrayAsync(_ending.Token);
            found |= answer.StatusCode == HttpStatusCode.OK;
            if (answer.StatusCode == HttpStatusCode.OK && !IsFragment(bytes, fragment.Time))
            {
                _problems.Enqueue($"{url} is no fragment of {fragment.Time}");
            }
            else if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
            {
                _problems.Enqueue($"{url} answered {(int)answer.StatusCode}");
            }
        }

        if (!found)
        {
            _problems.Enqueue($"{fragment.Stream} has nothing at {fragment.Time}");
        }
    }

    // moof { … uuid(tfxd: its time) uuid(tfrf) } mdat
    static bool IsFragment(ReadOnlySpan<byte> bytes, long time)
    {
        ReadOnlySpan<byte> tfxd = [0x6D, 0x1D, 0x9B, 0x05, 0x42, 0xD5, 0x44, 0xE6, 0x80, 0xE2, 0x14, 0x1D, 0xAF, 0xF7, 0x57, 0xB2];
        var place = bytes.IndexOf(tfxd);
        return bytes.Length > 16 && bytes[4..8].SequenceEqual("moof"u8) && place > 0
            && BinaryPrimitives.ReadInt64BigEndian(bytes[(place + tfxd.Length + 4)..]) == time;
    }
}
