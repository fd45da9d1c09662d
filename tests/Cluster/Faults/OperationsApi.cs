using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Tributary.Cluster.Faults;

/// <summary>The operations API of a gateway, as an operator's script uses it.</summary>
static class OperationsApi
{
    public const string Token = "the token of a cluster of tests";

    /// <summary>An answer's status and JSON (null where it has none).</summary>
    public static async Task<(int Status, JsonElement? Body)> Call(this ServerNode gateway, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
            await request.Content.LoadIntoBufferAsync();   // with its length
        }

        using var answer = await gateway.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length > 0 ? JsonDocument.Parse(text).RootElement : null);
    }

    /// <summary>What the cluster thinks of a node; empty while nobody answers.</summary>
    public static async Task<string> StateOf(this ServerNode gateway, ServerNode node)
    {
        var (status, body) = await gateway.Call(HttpMethod.Get, "/api/v1/nodes");
        return status != 200 ? "" : body!.Value.EnumerateArray().Where(line => line.GetProperty("name").GetString() == node.Name)
            .Select(line => line.GetProperty("state").GetString()!).FirstOrDefault("");
    }
}
