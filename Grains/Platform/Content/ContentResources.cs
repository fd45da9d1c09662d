using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Entries;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Outside;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Content;

/// <summary>What a client named as content, taken into the store; or to be waited for.</summary>
/// <param name="File">Name in the content store; null where it is still to come.</param>
/// <param name="Token">The upload that it will come by.</param>
/// <param name="Url">The address that it will be fetched from.</param>
public sealed record TakenContent(string? File, string? Token = null, string? Url = null);

/// <summary>
/// Content that calls name: finished uploads, files of a media server, text, addresses. Addresses are fetched by a few workers.
/// </summary>
public sealed partial class ContentResources(Objects objects, ContentStore content, OutsideHttp outside, ILogger<ContentResources> log) : BackgroundService
{
    const int Workers = 2, MostWaiting = 1_000;
    static readonly TimeSpan FetchTimeout = TimeSpan.FromMinutes(30);

    readonly Channel<Fetch> _fetches = Channel.CreateBounded<Fetch>(MostWaiting);

    /// <summary>The same for a piece that is sent again.</summary>
    public static string KeyOf(PlatformObject resource) => resource.Type switch
    {
        "UploadedFileTokenResource" => resource.Text("token"),
        "ServerFileResource" => resource.Text("localFilePath"),
        _ => resource.Text("url", resource.Text("content")),
    };

    /// <summary>
    /// Whether it could be taken now, or was by a try that broke off, for an asset of <paramref name="entry"/>; throws what the client is told otherwise.
    /// </summary>
    public async Task Verify(Call call, PlatformObject resource, string entry)
    {
        if (resource.Type == "UploadedFileTokenResource")
        {
            var token = await objects.Find(call, UploadTokens.Kind, resource.Text("token")) ?? throw PlatformException.Of("UPLOAD_TOKEN_NOT_FOUND");
            if (token.Value.Long("status") != UploadTokens.Full && !await IsTakenFor(entry, token.Value))
            {
                throw PlatformException.Of("UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY");
            }
        }
        else if (resource.Type == "ServerFileResource")
        {
            ServerFile(call, resource);
        }
    }

    async Task<bool> IsTakenFor(string entry, PlatformObject token) => token.Long("status") == UploadTokens.Closed
        && await objects.Store.Read(EntryStore.AssetKind, token.Text("attachedObjectId")) is { } asset && asset.Value.Text("entryId") == entry;

    /// <summary>Takes it; <paramref name="name"/>: under this name, where a try that broke off may have left it already.</summary>
    public async Task<TakenContent> Take(Call call, PlatformObject resource, string owner, string extension, string? name = null)
    {
        if (name is not null && content.Exists(name))
        {
            return new TakenContent(name);
        }

        switch (resource.Type)
        {
            case "UploadedFileTokenResource":
                return await TakeUpload(call, resource.Text("token"), owner, extension, name);
            case "ServerFileResource":
                var path = ServerFile(call, resource);
                return new TakenContent(content.Adopt(path, owner, Path.GetExtension(path), resource.Truth("keepOriginalFile"), name));
            case "StringResource":
                return new TakenContent(content.Write(Encoding.UTF8.GetBytes(resource.Text("content")), owner, extension));
            case "UrlResource":
                return new TakenContent(null, Url: resource.Text("url"));
            default:
                throw PlatformException.Of("RESOURCE_TYPE_NOT_SUPPORTED", PlatformObject.Prefix + resource.Type);
        }
    }

    async Task<TakenContent> TakeUpload(Call call, string id, string owner, string extension, string? name)
    {
        var token = await objects.Find(call, "uploadToken", id) ?? throw PlatformException.Of("UPLOAD_TOKEN_NOT_FOUND");
        switch (token.Value.Long("status"))
        {
            case UploadTokens.Full:
                break;
            case UploadTokens.Pending or UploadTokens.Partial:
                return new TakenContent(null, Token: id);
            case UploadTokens.Closed when name is not null && token.Value.Text("attachedObjectId") == owner && File.Exists(content.UploadPath(id)):
                return Adopt(token.Value, owner, extension, name);   // by a try that broke off here
            default:
                throw PlatformException.Of("UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY");
        }

        // One of two who want it gets it.
        var mine = false;
        await objects.Store.Change("uploadToken", id, value =>
        {
            mine = value.Long("status") == UploadTokens.Full;
            (value["status"], value["attachedObjectId"]) = mine ? (UploadTokens.Closed, owner) : (value["status"], value["attachedObjectId"]);
            return mine;
        });
        if (!mine)
        {
            throw PlatformException.Of("UPLOAD_TOKEN_INVALID_STATUS_FOR_ADD_ENTRY");
        }

        return Adopt(token.Value, owner, extension, name);
    }

    TakenContent Adopt(PlatformObject token, string owner, string extension, string? name)
    {
        var named = Path.GetExtension(token.Text("fileName"));
        return new TakenContent(content.Adopt(content.UploadPath(token.Text("id")), owner, named.Length > 1 ? named : extension, name: name));
    }

    string ServerFile(Call call, PlatformObject resource) => !call.Caller.IsMediaServer && !call.Caller.IsInternal
        ? throw PlatformException.Of("SERVICE_FORBIDDEN", $"{call.Action.Service}->{call.Action.Name}")
        : content.ServerFile(resource.Text("localFilePath")) ?? throw PlatformException.Of("SOURCE_FILE_NOT_FOUND");

    /// <summary>Fetches an address in the background; then calls one of the two.</summary>
    public void Import(string url, string owner, string extension, Func<string, Task> done, Func<string, Task> failed)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw PlatformException.Of("PROPERTY_VALIDATION_WRONG_FORMAT", "url", "http(s) URL");
        }

        if (!_fetches.Writer.TryWrite(new Fetch(address, owner, extension, done, failed)))
        {
            throw PlatformException.Of("INTERNAL_SERVERL_ERROR", "too many imports are waiting");
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Work(stoppingToken)));

    async Task Work(CancellationToken cancellation)
    {
        using var http = outside.Client(FetchTimeout);
        await foreach (var fetch in _fetches.Reader.ReadAllAsync(cancellation))
        {
            try
            {
                await fetch.Done(await Download(http, fetch, cancellation));
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException or TaskCanceledException or PlatformException && !cancellation.IsCancellationRequested)
            {
                LogFailed(fetch.Address.Host, fetch.Owner, exception.Message);
                await fetch.Failed(exception.Message);
            }
        }
    }

    async Task<string> Download(HttpClient http, Fetch fetch, CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(fetch.Address, HttpCompletionOption.ResponseHeadersRead, cancellation);
        answer.EnsureSuccessStatusCode();
        var path = content.NewIncoming();
        try
        {
            await using (var body = await answer.Content.ReadAsStreamAsync(cancellation))
            await using (var file = File.Create(path))
            {
                await CopyBounded(body, file, objects.Options.MaxFileBytes, cancellation);
            }

            var named = Path.GetExtension(fetch.Address.AbsolutePath);
            return content.Adopt(path, fetch.Owner, named.Length > 1 ? named : fetch.Extension);
        }
        finally
        {
            File.Delete(path);
        }
    }

    static async Task CopyBounded(Stream from, Stream to, long most, CancellationToken cancellation)
    {
        var buffer = new byte[128 * 1_024];
        for (var total = 0L; await from.ReadAsync(buffer, cancellation) is > 0 and var read;)
        {
            total += read;
            if (total > most)
            {
                throw new IOException("The file is larger than may be imported.");
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Content of {Owner} could not be fetched from {Host}: {Why}")]
    partial void LogFailed(string host, string owner, string why);

    sealed record Fetch(Uri Address, string Owner, string Extension, Func<string, Task> Done, Func<string, Task> Failed);
}
