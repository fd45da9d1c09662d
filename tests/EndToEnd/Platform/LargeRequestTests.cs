using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Tributary.EndToEnd.Platform;

/// <summary>Requests that are large and mean well.</summary>
public sealed class LargeRequestTests
{
    const int ChunkBytes = 8 * 1_024 * 1_024, Chunks = 32;

    [Fact]
    public async Task A_file_comes_in_chunks_in_any_order_and_passes_through_no_memory()
    {
        await using var world = await PlatformWorld.Start();
        var ks = await world.Session(102);
        var wanted = PlatformWorld.Object("uploadToken", "UploadToken", ("fileName", "a.mp4"), ("fileSize", (double)ChunkBytes * Chunks), ("autoFinalize", 1));
        var token = (string)(await world.Call("uploadtoken", "add", wanted, ks))!["id"]!;
        await Send(world, ks, token, 0);
        var before = world.Server.ResidentBytes;
        var most = before;
        for (var at = Chunks - 1; at > 0; at--)
        {
            var answer = await Send(world, ks, token, at);
            Assert.Equal((long)ChunkBytes * (Chunks - at + 1), (long)answer["uploadedFileSize"]!);
            Assert.Equal(at == 1 ? 2 : 1, (int)answer["status"]!);
            most = Math.Max(most, world.Server.ResidentBytes);
        }

        Console.WriteLine($"figure: memory of the server before and during an upload of {Chunks} chunks of 8 MiB: {before / 1_048_576} and {most / 1_048_576} MiB");
        Assert.True(most < before + (long)ChunkBytes * Chunks / 2, $"{before} became {most}");

        using var expected = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var at in Enumerable.Range(0, Chunks))
        {
            expected.AppendData(Chunk(at));
        }

        await using var stored = File.OpenRead(Path.Combine(world.Server.Data, "platform/content/uploads", token));
        Assert.Equal(Convert.ToHexString(expected.GetHashAndReset()), Convert.ToHexString(await SHA256.HashDataAsync(stored)));
    }

    [Fact]
    public async Task A_multirequest_of_two_hundred_calls_is_answered_call_by_call()
    {
        await using var world = await PlatformWorld.Start();
        var ks = await world.Session(102);
        var calls = new JsonObject();
        for (var at = 1; at <= 200; at += 2)
        {
            calls[Number(at)] = PlatformWorld.Object("entry", "MediaEntry", ("name", $"clip {at}"), ("mediaType", 1));
            (calls[Number(at)]!["service"], calls[Number(at)]!["action"]) = ("media", "add");
            calls[Number(at + 1)] = new JsonObject { ["service"] = "media", ["action"] = "get", ["entryId"] = $"{{{at}:result:id}}" };
        }

        var answers = (await world.Try("multirequest", "null", calls, ks))!.AsArray();
        Assert.Equal(200, answers.Count);
        for (var at = 0; at < 200; at += 2)
        {
            Assert.Equal($"clip {at + 1}", (string)answers[at]!["name"]!);
            Assert.Equal((string)answers[at]!["id"]!, (string)answers[at + 1]!["id"]!);
        }
    }

    static byte[] Chunk(int at)
    {
        var bytes = new byte[ChunkBytes];
        new Random(at).NextBytes(bytes);
        return bytes;
    }

    static string Number(int at) => at.ToString(CultureInfo.InvariantCulture);

    static async Task<JsonNode> Send(PlatformWorld world, string ks, string token, int at)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(token), "uploadTokenId" }, { new StringContent(ks), "ks" }, { new StringContent("1"), "format" }, { new StringContent(at > 0 ? "1" : "0"), "resume" },
            { new StringContent("0"), "finalChunk" }, { new StringContent(((long)at * ChunkBytes).ToString(CultureInfo.InvariantCulture)), "resumeAt" },
        };
        var file = new ByteArrayContent(Chunk(at));
        file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        form.Add(file, "fileData", "chunk");
        return JsonNode.Parse(await world.Send(HttpMethod.Post, "/api_v3/service/uploadtoken/action/upload", form))!;
    }
}
