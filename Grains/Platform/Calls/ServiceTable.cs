using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.Platform.Calls;

/// <summary>Some services of the API.</summary>
public interface IServiceModule
{
    void Register(ServiceTable table);
}

/// <summary>What is implemented: for each action of the schema, who may call it and what it does.</summary>
public sealed class ServiceTable
{
    readonly Dictionary<ActionType, (CallAccess Access, Handler Handler)> _handlers = [];

    public ServiceTable(IEnumerable<IServiceModule> modules)
    {
        foreach (var module in modules)
        {
            module.Register(this);
        }
    }

    public IReadOnlyCollection<ActionType> Implemented => _handlers.Keys;

    /// <summary>An action whose name is in the schema.</summary>
    public void Add(string service, string action, CallAccess access, Handler handler)
    {
        var type = Schema.Instance.FindService(service)?.Actions.GetValueOrDefault(action)
            ?? throw new ArgumentException($"The schema has no action {service}.{action}.", nameof(action));
        _handlers.Add(type, (access, handler));
    }

    /// <summary>The handler of an action; throws what a client is told where there is none.</summary>
    public (ActionType Action, CallAccess Access, Handler Handler) Find(string service, string action)
    {
        if (service.Length == 0)
        {
            throw PlatformException.Of("SERVICE_NOT_SPECIFIED");
        }

        var known = Schema.Instance.FindService(service) ?? throw PlatformException.Of("SERVICE_DOES_NOT_EXISTS", service);
        if (action.Length == 0)
        {
            throw PlatformException.Of("ACTION_NOT_SPECIFIED");
        }

        if (!known.Actions.TryGetValue(action, out var type))
        {
            throw PlatformException.Of("ACTION_DOES_NOT_EXISTS", action, service);
        }

        return _handlers.TryGetValue(type, out var found)
            ? (type, found.Access, found.Handler)
            : throw PlatformException.Of("FEATURE_FORBIDDEN", $"{type.Service}.{type.Name} is not offered by this server");
    }
}
