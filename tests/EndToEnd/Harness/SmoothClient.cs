using System.Buffers.Binary;
using System.Net;
using Tributary.Unit.Packaging;

namespace Tributary.EndToEnd.Harness;

/// <summary>A Smooth Streaming player that forgives nothing: it polls a manifest, holds each against <see cref="SmoothRules"/> and fetches each fragment that it lists.</summary>
sealed class SmoothClient : IAsyncDisposable
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    readonly HttpClient _http;
    readonly Uri _manifest;
    readonly HashSet<(string, long)> _fetched = [];
    readonly ManifestWatch _watch;
    IReadOnlyList<SmoothFragmentListed>? _before;

    SmoothClient(HttpClient http, Uri manifest)
    {
        (_http, _manifest) = (http, manifest);
        _watch = new ManifestWatch(http, manifest, Every, Play);
        _watch.Begin();
    }

    public IReadOnlyCollection<string> Problems => _watch.Problems;

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

    public ValueTask DisposeAsync() => _watch.DisposeAsync();

    async Task Play(byte[] manifest)
    {
        var now = SmoothRules.Check(manifest);
        if (_before is not null)
        {
            SmoothRules.CheckUpdate(_before, now);
        }

        _before = now;
        await Task.WhenAll(now.Where(fragment => _fetched.Add((fragment.Stream, fragment.Time))).Select(Fetch));
    }

    // A quality that is away has nothing at this place: the protocol has no way to say so but its answer. One of them has it.
    async Task Fetch(SmoothFragmentListed fragment)
    {
        var found = false;
        foreach (var url in fragment.Urls)
        {
            using var answer = await _http.GetAsync(new Uri(_manifest, url), _watch.Ended);
            var bytes = await answer.Content.ReadAsByteArrayAsync(_watch.Ended);
            found |= answer.StatusCode == HttpStatusCode.OK;
            if (answer.StatusCode == HttpStatusCode.OK && !IsFragment(bytes, fragment.Time))
            {
                _watch.Note($"{url} is no fragment of {fragment.Time}");
            }
            else if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
            {
                _watch.Note($"{url} answered {(int)answer.StatusCode}");
            }
        }

        if (!found)
        {
            _watch.Note($"{fragment.Stream} has nothing at {fragment.Time}");
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
