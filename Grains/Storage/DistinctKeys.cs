using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Tributary.Grains.Storage;

/// <summary>
/// Keeps apart what a storage would take for the same: that of Orleans for ADO.NET reads a key that looks like a hexadecimal number, or like a GUID, as that
/// number, so that streams named <c>1</c> and <c>01</c>, or <c>cafe</c> and <c>CAFE</c>, would share a row. Such a key is stored with a mark before it, and
/// only as a number where it is written as Orleans writes numbers.
/// </summary>
public sealed class DistinctKeys(IGrainStorage rows) : IGrainStorage
{
    const char Mark = '~';

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => rows.ReadStateAsync(stateName, Stored(grainId), grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => rows.WriteStateAsync(stateName, Stored(grainId), grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => rows.ClearStateAsync(stateName, Stored(grainId), grainState);

    /// <summary>The id under which a grain's state is stored: another one for each grain, however its key is read.</summary>
    public static GrainId Stored(GrainId grainId)
    {
        var key = grainId.Key.ToString() ?? "";
        return IsPlain(grainId, key) ? grainId : GrainId.Create(grainId.Type, IdSpan.Create(Mark + key));
    }

    // What bears the mark by itself gets a second one, or it would be taken for another key that was marked.
    static bool IsPlain(GrainId grainId, string key) =>
        grainId.TryGetIntegerKey(out var number, out _)
            ? key == GrainIdKeyExtensions.CreateIntegerKey(number).ToString()
            : !key.StartsWith(Mark) && !grainId.TryGetGuidKey(out _, out _);
}

public static class DistinctKeysHosting
{
    /// <summary>Adds as <paramref name="name"/> the storage <paramref name="rows"/>, whose keys are kept apart.</summary>
    public static ISiloBuilder AddDistinctKeys(this ISiloBuilder silo, string name, string rows)
    {
        silo.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _) => new DistinctKeys(services.GetRequiredKeyedService<IGrainStorage>(rows)));
        return silo;
    }
}
