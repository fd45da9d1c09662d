using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Tributary.Grains.Storage;

/// <summary>
/// Grain state as one JSON file per grain below a folder: the storage of a single node. A write is complete or did not happen: it goes to a
/// temporary file, is flushed to the disk, and takes the old one's place by rename. The ETag is the version in the file, so a write that did
/// not read the newest one is refused.
/// </summary>
public sealed class FileGrainStorage(string folder) : IGrainStorage
{
    static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    readonly SemaphoreSlim[] _locks = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Locked(PathOf(stateName, grainId), async path =>
        {
            var record = await Read<T>(path);
            grainState.State = record is null ? Activator.CreateInstance<T>() : record.State;
            grainState.ETag = record?.Version.ToString();
            grainState.RecordExists = record is not null;
        });

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Locked(PathOf(stateName, grainId), async path =>
        {
            var version = await CheckVersion<T>(path, grainState) + 1;
            await Write(path, new StateRecord<T>(grainId.ToString(), version, grainState.State));
            grainState.ETag = version.ToString();
            grainState.RecordExists = true;
        });

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Locked(PathOf(stateName, grainId), async path =>
        {
            await CheckVersion<T>(path, grainState);
            File.Delete(path);
            grainState.State = Activator.CreateInstance<T>();
            grainState.ETag = null;
            grainState.RecordExists = false;
        });

    async Task Locked(string path, Func<string, Task> action)
    {
        var gate = _locks[(uint)path.GetHashCode() % _locks.Length];
        await gate.WaitAsync();
        try
        {
            await action(path);
        }
        finally
        {
            gate.Release();
        }
    }

    static async Task<long> CheckVersion<T>(string path, IGrainState<T> grainState)
    {
        var stored = (await Read<T>(path))?.Version;
        if (stored?.ToString() != grainState.ETag)
        {
            throw new InconsistentStateException(
                $"The state in {Path.GetFileName(path)} was changed by somebody else.", stored?.ToString(), grainState.ETag);
        }

        return stored ?? 0;
    }

    static async Task<StateRecord<T>?> Read<T>(string path)
    {
        try
        {
            await using var file = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync<StateRecord<T>>(file, Json);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    static async Task Write<T>(string path, StateRecord<T> record)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + ".new";
        await using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await JsonSerializer.SerializeAsync(file, record, Json);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    // A grain's key may hold any character: readable where that is safe, and always told apart by a hash.
    string PathOf(string stateName, GrainId grainId)
    {
        var key = grainId.Key.ToString() ?? "";
        var readable = new string([.. key.Take(64).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '_')]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(grainId.ToString())))[..16];
        return Path.Combine(folder, stateName, $"{readable}.{hash}.json");
    }

    sealed record StateRecord<T>(string Grain, long Version, T? State);
}

public static class FileGrainStorageHosting
{
    /// <summary>Adds <see cref="FileGrainStorage"/> below <paramref name="folder"/> as the storage of the product's grains.</summary>
    public static ISiloBuilder AddFileGrainStorage(this ISiloBuilder silo, string folder)
    {
        silo.Services.AddKeyedSingleton<IGrainStorage>(GrainStorageName.Tributary, (_, _) => new FileGrainStorage(folder));
        return silo;
    }
}
