using System.Net.Http.Headers;
using System.Net.Http.Json;
using Tributary.Grains.Recordings;

namespace Tributary.Gateway.Recorded;

/// <summary>Of another node: over HTTP, with what the cluster's secret makes of the request.</summary>
sealed class RemoteJournals(HttpClient http, string address, InsideAccess access) : IJournalSource
{
    public async Task<IReadOnlyList<VolumeListing>> List(JournalKind kind, string name, CancellationToken cancellation)
    {
        using var answer = await Ask($"{InsideAccess.Prefix}/{kind}/{name}", null, cancellation);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync(InsideJson.Default.IReadOnlyListVolumeListing, cancellation) ?? [] : [];
    }

    public async Task<int> Read(JournalKind kind, string name, string file, long offset, Memory<byte> bytes, CancellationToken cancellation)
    {
        if (bytes.IsEmpty)
        {
            return 0;
        }

        using var answer = await Ask($"{InsideAccess.Prefix}/{kind}/{name}/{file}", new RangeHeaderValue(offset, offset + bytes.Length - 1), cancellation);
        if (answer.StatusCode != System.Net.HttpStatusCode.PartialContent)
        {
            return 0;
        }

        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        return await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
    }

    async Task<HttpResponseMessage> Ask(string path, RangeHeaderValue? range, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address + path);
        request.Headers.Range = range;
        access.Sign(request, path);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }
}
