using System.Diagnostics.Metrics;

namespace Tributary.Gateway.ApiV3;

/// <summary>Calls of the platform's API by service, action and error; names that are in no table are counted together.</summary>
sealed class ApiV3Metrics(IMeterFactory meters)
{
    static readonly HashSet<string> Known = Grains.Platform.Model.Schema.Instance.Services.SelectMany(service => service.Actions.Values.Select(action => $"{service.UrlName}.{action.Name}"))
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    readonly Histogram<double> _calls = meters.Create("Tributary.Platform").CreateHistogram<double>("tributary.platform.call.duration", "s", "Calls of the platform's API.");
    readonly Counter<long> _unreadable = meters.Create("Tributary.Platform").CreateCounter<long>("tributary.platform.requests.unreadable", "{request}", "Requests that could not be read.");

    public void Called(string service, string action, string error, TimeSpan took)
    {
        var name = $"{service}.{action}";
        var shown = Known.TryGetValue(name, out var known) ? known : "unknown";
        _calls.Record(took.TotalSeconds, new KeyValuePair<string, object?>("call", shown), new KeyValuePair<string, object?>("error", error));
    }

    public void Unreadable() => _unreadable.Add(1);
}
