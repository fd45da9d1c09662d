using System.Text;
using Microsoft.Extensions.Options;
using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive.Remote;

/// <summary>A part of a file, with what goes with it: as an upload in parts (RFC 7578).</summary>
sealed record UploadChunk(byte[] Bytes, int Length, string FileName)
{
    public HttpContent Of(RawMap parameters)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in parameters)
        {
            form.Add(new StringContent(RawValue.Text(value)), name);
        }

        form.Add(new ByteArrayContent(Bytes, 0, Length), "fileData", FileName);
        return form;
    }
}

/// <summary>
/// Files that go to another cluster's platform through its upload tokens. 1. The file's token, which is remembered beside it before anything is sent, so
/// that the file has one name at the platform through any number of tries and crashes; 2. what the platform has of it; 3. the rest, in chunks.
/// </summary>
public sealed class RemoteUploads(string folder, IOptions<KLiveOptions> options, KLiveMetrics metrics, TimeProvider time)
{
    const string TokenEnding = ".token";
    const long Pending = 0, Partial = 1, Full = 2, Closed = 3;

    public string Folder => folder;

    /// <summary>The resource that stands for the file when the platform has all of it.</summary>
    internal async Task<RawMap> Upload(RemotePlatform platform, int partner, string path, CancellationToken cancellation)
    {
        // 1. and 2.
        var token = await Known(platform, partner, path) ?? await New(platform, partner, path);
        var (id, status) = (token.Text("id"), token.Long("status"));
        if (status is Pending or Partial)
        {
            // 3.
            await Send(platform, partner, path, id, status == Partial ? (long)token.Number("uploadedFileSize") : 0, cancellation);
        }

        return new RawMap { ["objectType"] = "KalturaUploadedFileTokenResource", ["token"] = id };
    }

    internal static void Forget(string path) => File.Delete(path + TokenEnding);

    // A token that was given up meanwhile is none.
    static async Task<PlatformObject?> Known(RemotePlatform platform, int partner, string path)
    {
        if (!File.Exists(path + TokenEnding))
        {
            return null;
        }

        var id = (await File.ReadAllTextAsync(path + TokenEnding)).Trim();
        var filter = new RawMap { ["objectType"] = "KalturaUploadTokenFilter", ["idIn"] = id };
        var found = await platform.Call("uploadtoken", "list", partner, new RawMap { ["filter"] = filter });
        return found.Objects("objects").FirstOrDefault(token => token.Text("id") == id && token.Long("status") is Pending or Partial or Full or Closed);
    }

    static async Task<PlatformObject> New(RemotePlatform platform, int partner, string path)
    {
        var token = await platform.Call("uploadtoken", "add", partner, new RawMap
        {
            ["uploadToken"] = new RawMap { ["objectType"] = "KalturaUploadToken", ["fileName"] = Path.GetFileName(path), ["fileSize"] = (double)new FileInfo(path).Length },
        });
        await using (var file = File.Create(path + TokenEnding + ".new"))
        {
            file.Write(Encoding.ASCII.GetBytes(token.Text("id")));
            file.Flush(flushToDisk: true);
        }

        File.Move(path + TokenEnding + ".new", path + TokenEnding, overwrite: true);
        return token;
    }

    async Task Send(RemotePlatform platform, int partner, string path, string token, long from, CancellationToken cancellation)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        var buffer = new byte[(int)Math.Min(options.Value.Platform.ChunkBytes, Math.Max(1, file.Length))];
        for (var at = Math.Min(from, file.Length); ;)
        {
            file.Position = at;
            var length = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
            var isLast = at + length >= file.Length;
            using var patience = new CancellationTokenSource(options.Value.Platform.ChunkTimeout, time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            var chunk = new UploadChunk(buffer, length, Path.GetFileName(path));
            await Send(platform, partner, new RawMap { ["uploadTokenId"] = token, ["resume"] = at > 0, ["finalChunk"] = isLast, ["resumeAt"] = at }, chunk, linked.Token);
            metrics.Uploaded(length);
            at += length;
            if (isLast)
            {
                return;
            }
        }
    }

    static async Task Send(RemotePlatform platform, int partner, RawMap parameters, UploadChunk chunk, CancellationToken patience)
    {
        try
        {
            await platform.Call("uploadtoken", "upload", partner, parameters, chunk, patience);
        }
        catch (PlatformException refusal) when (refusal.Code == "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD")
        {
            throw new PlatformUnavailableException("It has this chunk already, and the answer got lost.", refusal);   // the next try asks how far it is
        }
    }
}
