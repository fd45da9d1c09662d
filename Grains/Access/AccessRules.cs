using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access.Tokens;

namespace Tributary.Grains.Access;

/// <summary>What holds for one stream.</summary>
/// <param name="Mode">Who may play it.</param>
/// <param name="Play">From where.</param>
/// <param name="Publish">From where it may be published.</param>
/// <param name="KeyHash">SHA-256, in hex, of a key that an operator gave it; empty: none.</param>
public sealed record StreamRule(AccessMode Mode, AddressRules Play, AddressRules Publish, string KeyHash)
{
    /// <summary>Whether everybody may play it from everywhere.</summary>
    public bool IsOpen => Mode == AccessMode.Public && Play.IsEmpty;
}

/// <summary>
/// The rules for streams: what operators decided, of which this host keeps a copy, above what is configured. A look-up asks nobody.
/// </summary>
public sealed partial class AccessRules : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(3);

    readonly IGrainFactory _grains;
    readonly TimeProvider _time;
    readonly ILogger<AccessRules> _log;
    readonly (string Pattern, StreamRule Rule)[] _configured;
    readonly StreamRule _others;
    readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Copy _copy = new(-1, new Dictionary<string, StreamRule>());
    bool _failing;

    public AccessRules(IGrainFactory grains, IOptions<AccessOptions> options, TimeProvider time, ILogger<AccessRules> log)
    {
        (_grains, _time, _log) = (grains, time, log);
        var rules = options.Value;
        Everywhere = Compile(AccessMode.Public, rules.Addresses);
        _configured = [.. rules.Rules.Select(rule => (rule.Streams, Compile(rule.Mode, rule.Addresses)))];
        _others = new StreamRule(rules.Mode, AddressRules.None, AddressRules.None, "");
    }

    /// <summary>The lists of addresses that hold for every stream.</summary>
    public StreamRule Everywhere { get; }

    /// <summary>Whether this host knows what operators decided. Until then nobody can be let in to play.</summary>
    public bool IsKnown => Volatile.Read(ref _copy).Version >= 0;

    /// <summary>Completes when it does.</summary>
    public Task Known => _known.Task;

    /// <summary>Rises with every change that an operator made.</summary>
    public long Version => Volatile.Read(ref _copy).Version;

    public StreamRule Find(string stream)
    {
        if (Volatile.Read(ref _copy).Streams.TryGetValue(stream, out var own))
        {
            return own;
        }

        foreach (var (pattern, rule) in _configured)
        {
            if (StreamPattern.Matches(pattern, stream))
            {
                return rule;
            }
        }

        return _others;
    }

    /// <summary>Asks for a newer list now: after a change that was made here.</summary>
    public async Task Refresh()
    {
        var known = Volatile.Read(ref _copy);
        if (await _grains.GetGrain<IAccessCatalogGrain>(0).Read(known.Version).WaitAsync(Patience, _time) is { } list)
        {
            Volatile.Write(ref _copy, new Copy(list.Version, list.Streams.ToDictionary(
                static one => one.Stream,
                static one => new StreamRule(
                    one.Mode, AddressRules.Parse(one.PlayFrom, one.PlayNotFrom, out _), AddressRules.Parse(one.PublishFrom, one.PublishNotFrom, out _), one.KeyHash),
                StringComparer.Ordinal)));
            _known.TrySetResult();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Refresh();
                _failing = false;
            }
            catch (Exception exception)   // whatever network, silo or storage had: what was known last holds
            {
                if (!_failing)
                {
                    LogUnknown(exception.Message);
                }

                _failing = true;
            }

            await Task.Delay(Pause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static StreamRule Compile(AccessMode mode, AccessAddresses lists) => new(
        mode, AddressRules.Parse(lists.PlayFrom, lists.PlayNotFrom, out _), AddressRules.Parse(lists.PublishFrom, lists.PublishNotFrom, out _), "");

    [LoggerMessage(LogLevel.Warning, "Access: what operators decided for single streams cannot be asked for ({Why}); what was known last holds")]
    partial void LogUnknown(string why);

    sealed record Copy(long Version, IReadOnlyDictionary<string, StreamRule> Streams);
}

static class StreamRules
{
    public static AddressRules For(this StreamRule rule, AccessAction action) => action == AccessAction.Play ? rule.Play : rule.Publish;
}
