using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;

namespace Tributary.Grains.Platform.Services;

/// <summary>The five actions that most services are made of, over objects with numbers for ids.</summary>
/// <param name="Kind">Kind in the store.</param>
/// <param name="Service">Service of the schema.</param>
/// <param name="Missing">The error for an unknown id.</param>
public sealed record Crud(Objects Objects, string Service, string Kind, string Type, Func<string, PlatformException> Missing)
{
    /// <summary>Name of the parameter with the id.</summary>
    public string IdName { get; init; } = "id";

    /// <summary>Name of the parameter with the object, in add and update.</summary>
    public required string ValueName { get; init; }

    public string? UpdateName { get; init; }

    /// <summary>Type of the list response.</summary>
    public string ListType { get; init; } = Type + "ListResponse";

    /// <summary>Whether objects of the platform itself are shown to everybody.</summary>
    public bool Platform { get; init; }

    public CallAccess Reading { get; init; } = CallAccess.User;

    public CallAccess Writing { get; init; } = CallAccess.Admin;

    /// <summary>Fills in and checks a new object.</summary>
    public Func<Call, PlatformObject, Task>? Prepare { get; init; }

    /// <summary>What else is done when one is gone.</summary>
    public Func<Call, StoredObject, Task>? Removed { get; init; }

    public bool DeleteAnswers { get; init; }

    public void Register(ServiceTable table, params string[] actions)
    {
        var all = actions.Length == 0 ? ["add", "get", "list", "update", "delete"] : actions;
        foreach (var action in all)
        {
            var (access, handler) = action switch
            {
                "add" => (Writing, (Handler)Add),
                "get" => (Reading, Get),
                "list" => (Reading, List),
                "update" => (Writing, Update),
                _ => (Writing, Delete),
            };
            table.Add(Service, action, access, handler);
        }
    }

    public async Task<StoredObject> Required(Call call, string id) =>
        await Objects.Find(call, Kind, id, Platform) ?? throw Missing(id);

    async Task<object?> Add(Call call)
    {
        var value = call.Object(ValueName);
        if (Prepare is not null)
        {
            await Prepare(call, value);
        }

        return await Objects.Add(Kind, value, call.Partner);
    }

    async Task<object?> Get(Call call) => (await Required(call, call.Text(IdName))).Value;

    async Task<object?> List(Call call) => await Objects.List(call, Kind, ListType, platform: Platform);

    async Task<object?> Update(Call call)
    {
        var stored = await OwnOf(call);
        return await Objects.Update(stored, call.Object(UpdateName ?? ValueName));
    }

    async Task<object?> Delete(Call call)
    {
        var stored = await OwnOf(call);
        await Objects.Store.Remove(Kind, stored.Id);
        if (Removed is not null)
        {
            await Removed(call, stored);
        }

        return DeleteAnswers ? stored.Value : null;
    }

    // Everybody sees what is the platform's, and only the platform changes it.
    async Task<StoredObject> OwnOf(Call call) => await Objects.Find(call, Kind, call.Text(IdName)) ?? throw Missing(call.Text(IdName));
}
