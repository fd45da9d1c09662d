using System.Collections.Concurrent;
using System.Security.Cryptography;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Services;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Content;

/// <summary>
/// Uploads in pieces. Chunks are written into one file at their place, in any order; what has arrived is remembered as ranges, so that a hole is not
/// taken for content. A chunk never passes through memory.
/// </summary>
public sealed class UploadTokens(Objects objects, ContentStore content) : IServiceModule
{
    public const string Kind = "uploadToken";
    public const long Pending = 0, Partial = 1, Full = 2, Closed = 3;
    const int MostRanges = 10_000;

    readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    /// <summary>Somebody waits for an upload: it is called when it is complete.</summary>
    public Func<StoredObject, Task>? Completed { get; set; }

    public void Register(ServiceTable table)
    {
        table.Add("uploadtoken", "add", CallAccess.User, Add);
        table.Add("uploadtoken", "get", CallAccess.User, async call => (await Required(call)).Value);
        table.Add("uploadtoken", "list", CallAccess.User, async call => await objects.List(call, Kind, "UploadTokenListResponse"));
        table.Add("uploadtoken", "upload", CallAccess.User, Upload);
        table.Add("uploadtoken", "delete", CallAccess.User, Delete);
    }

    async Task<object?> Add(Call call)
    {
        var token = call.Optional("uploadToken") ?? new PlatformObject("UploadToken");
        if (token.Truth("autoFinalize") && !token.Has("fileSize"))
        {
            throw PlatformException.Of("UPLOAD_TOKEN_MISSING_FILE_SIZE");
        }

        (token["status"], token["uploadedFileSize"], token["userId"]) = (Pending, 0L, call.Caller.User);
        token["autoFinalize"] = token["autoFinalize"] ?? 0L;
        token["uploadUrl"] = call.Facts.BaseUrl;
        return await objects.Add(Kind, token, call.Partner, "0_" + RandomNumberGenerator.GetHexString(32, lowercase: true));
    }

    async Task<StoredObject> Required(Call call)
    {
        var stored = await objects.Find(call, Kind, call.Text("uploadTokenId"));
        return stored is not null && (call.Caller.IsAdmin || stored.Value.Text("userId") == call.Caller.User) ? stored : throw PlatformException.Of("UPLOAD_TOKEN_NOT_FOUND");
    }

    async Task<object?> Upload(Call call)
    {
        var id = (await Required(call)).Id;
        var gate = _gates.GetOrAdd(id, _ => new SemaphoreSlim(1));
        await gate.WaitAsync();
        try
        {
            return await Upload(call, (await Required(call)), call.File("fileData"));
        }
        finally
        {
            gate.Release();
            if (_gates.Count > 1_000)
            {
                _gates.TryRemove(id, out _);
            }
        }
    }

    async Task<object?> Upload(Call call, StoredObject token, UploadedFile file)
    {
        // 1. Where it goes.
        var (resume, final) = (call.Arguments.Truth("resume"), call.Arguments.Truth("finalChunk"));
        var status = token.Value.Long("status");
        if (status != Pending && !(status == Partial && resume))
        {
            throw PlatformException.Of(resume && status == Pending ? "UPLOAD_TOKEN_CANNOT_RESUME" : "UPLOAD_TOKEN_INVALID_STATUS_FOR_UPLOAD");
        }

        var wanted = call.Arguments.Number("resumeAt", -1);
        var ranges = UploadedRanges.Parse(token.Value.Text("_ranges"));
        var at = resume && wanted >= 0 ? (long)wanted : resume ? ranges.End : 0;
        var announced = token.Value.Has("fileSize") ? (long)token.Value.Number("fileSize") : -1;
        if (at > objects.Options.MaxFileBytes || announced >= 0 && at + file.Length > announced || ranges.Count >= MostRanges)
        {
            throw PlatformException.Of(announced >= 0 && at + file.Length > announced ? "UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE" : "UPLOAD_TOKEN_CANNOT_RESUME");
        }

        // 2. The bytes, then what is known of them.
        await Write(file.Path, content.UploadPath(token.Id), at);
        ranges.Add(at, at + file.Length);
        var finalSize = final ? Math.Max(at + file.Length, ranges.End) : token.Value.Truth("autoFinalize") ? announced : token.Value.Long("_finalSize", -1);
        if (final && announced >= 0 && finalSize != announced)
        {
            throw PlatformException.Of("UPLOAD_TOKEN_CANNOT_MATCH_EXPECTED_SIZE");
        }

        var complete = finalSize >= 0 && ranges.Covers(finalSize);
        var changed = await objects.Change(Kind, token.Id, value =>
        {
            (value["status"], value["uploadedFileSize"], value["updatedAt"]) = (complete ? Full : Partial, ranges.Total, objects.Now);
            (value["_ranges"], value["_finalSize"]) = (ranges.ToString(), finalSize);
            value["fileName"] = value.Text("fileName") is { Length: > 0 } name ? name : file.FileName;
        });

        // 3. Whoever waits for it.
        if (complete && Completed is not null && changed.Has("_waiting"))
        {
            await Completed((await objects.Store.Read(Kind, token.Id))!);
        }

        return (await objects.Store.Read(Kind, token.Id))?.Value ?? changed;
    }

    // The first piece of an upload is its file; others are copied to their place.
    static async Task Write(string from, string to, long at)
    {
        if (at == 0 && !File.Exists(to))
        {
            File.Move(from, to);
            return;
        }

        await using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 17, useAsync: true);
        await using var target = new FileStream(to, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, 1 << 17, useAsync: true);
        target.Position = at;
        await source.CopyToAsync(target, 1 << 17);
    }

    async Task<object?> Delete(Call call)
    {
        var token = await Required(call);
        File.Delete(content.UploadPath(token.Id));
        await objects.Store.Remove(Kind, token.Id);
        return null;
    }
}

/// <summary>Ranges of a file that have arrived, in order and joined where they touch.</summary>
public sealed class UploadedRanges
{
    readonly List<(long From, long To)> _ranges = [];

    public int Count => _ranges.Count;

    public long End => _ranges.Count > 0 ? _ranges[^1].To : 0;

    public long Total => _ranges.Sum(range => range.To - range.From);

    public static UploadedRanges Parse(string text)
    {
        var ranges = new UploadedRanges();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = part.IndexOf('-');
            ranges.Add(long.Parse(part.AsSpan(0, at), System.Globalization.CultureInfo.InvariantCulture), long.Parse(part.AsSpan(at + 1), System.Globalization.CultureInfo.InvariantCulture));
        }

        return ranges;
    }

    public void Add(long from, long to)
    {
        if (to <= from)
        {
            return;
        }

        var touching = _ranges.Where(range => range.From <= to && range.To >= from).ToArray();
        _ranges.RemoveAll(range => range.From <= to && range.To >= from);
        _ranges.Add((touching.Select(range => range.From).Append(from).Min(), touching.Select(range => range.To).Append(to).Max()));
        _ranges.Sort();
    }

    /// <summary>Whether everything up to a size is there.</summary>
    public bool Covers(long size) => size == 0 || _ranges is [{ From: 0 } first] && first.To >= size;

    public override string ToString() => string.Join(',', _ranges.Select(range => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{range.From}-{range.To}")));
}
