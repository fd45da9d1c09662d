using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>A silo's part in a cluster of processes: membership and directory in tables that all share, messages and heartbeats over connections.</summary>
sealed partial class ProcessCluster : ISiloCluster, IDisposable
{
    static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);
    static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(3);
    readonly ClusterMembershipOptions _options;
    readonly TimeSpan _drainTimeout;
    readonly EndpointOptions _endpoints;
    readonly Surroundings _around;
    readonly ILogger _log;
    readonly SiloLink _link;
    readonly MembershipAgent _agent;
    readonly IMembershipTable _table;
    readonly ActivationTable _directory;
    readonly ConcurrentDictionary<SiloAddress, Heartbeat> _heartbeats = new();
    readonly CancellationTokenSource _stop = new();
    ImmutableArray<IMembershipListener> _listeners = [];
    TimeSpan _joining;
    Silo? _silo;

    public ProcessCluster(
        IServiceProvider services, IMembershipTable table, IActivationRows rows, IOptions<ClusterOptions> cluster, IOptions<ClusterMembershipOptions> membership,
        IOptions<EndpointOptions> endpoints, IOptions<ConnectionOptions> connections, IOptions<SiloMessagingOptions> messaging, ILogger<ProcessCluster> log)
    {
        _options = membership.Value;
        _drainTimeout = messaging.Value.ResponseTimeout < LongestDrain ? messaging.Value.ResponseTimeout : LongestDrain;
        _endpoints = endpoints.Value;
        _around = Surroundings.Of(services);
        _log = log;
        _table = table;
        _directory = new ActivationTable(rows, log) { IsAlive = MayHold, IsDead = IsDead, AskAround = AskAround };
        _agent = new MembershipAgent(_table, _options, _around, services.GetService<OwnDeath>() ?? OwnDeath.OfProcess, log)
        {
            Changed = OnChanged,
            Wrote = () => Gossip(Frames.Of(FrameType.TableChanged, "")),
            Buried = silo => _ = Quietly(() => _directory.RemoveRows(silo))
        };
        _link = new SiloLink(ClusterSecret.Identity(services, cluster.Value), connections.Value, messaging.Value, _around, log)
        {
            IsDead = IsDead,
            Answered = _directory.Answered,
            ControlOpened = AcceptHeartbeat,
            ClientsChanged = () => Say(ClientsFrame())
        };
    }

    public event Action<GrainId>? RemindersChanged;

    public IMessageLink Link => _link;

    public IActivationDirectory Directory => _directory;

    public ClusterMembershipSnapshot Snapshot => _agent.Snapshot;

    public IReadOnlyCollection<Silo> Silos => _silo is { } silo ? [silo] : [];

    public int ActivationsOf(SiloAddress silo) => silo.Equals(_silo?.Address) ? _silo.Catalog.Count : _heartbeats.TryGetValue(silo, out var heartbeat) ? heartbeat.Activations : 0;

    public bool HasLeft(SiloAddress silo) => _link.HasLeft(silo);

    public SiloAddress? AddressOfClient(GrainId client) => _link.AddressOfClient(client);

    public void Listen(IMembershipListener listener) => ImmutableInterlocked.Update(ref _listeners, l => l.Add(listener));

    public void Unlisten(IMembershipListener listener) => ImmutableInterlocked.Update(ref _listeners, l => l.Remove(listener));

    public async Task Join(Silo silo, CancellationToken cancellationToken)
    {
        var began = _around.Time.GetTimestamp();
        _silo = silo;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.MaxJoinAttemptTime);
        await Insist(async token => silo.Outlive(await _agent.LastGeneration(silo.Address.Endpoint, token)), limit.Token);
        _link.Attach(silo);
        Listen(silo);
        await Insist(token => _agent.Join(silo.Address, silo.Name, silo.GatewayPort, token), limit.Token);
        _joining = _around.Time.GetElapsedTime(began);
        Every(_options.TableRefreshTimeout, _agent.Refresh);
        Every(_options.IAmAliveTablePublishTimeout, _agent.SayAlive);
        Every(_options.DefunctSiloCleanupPeriod ?? Timeout.InfiniteTimeSpan, token => _table.Cleanup(_around.Time.GetUtcNow().UtcDateTime - _options.DefunctSiloExpiration, token));
        Every(TimeSpan.FromSeconds(30), _ =>
        {
            _link.ExpirePassed();
            return Task.CompletedTask;
        });
    }

    /// <summary>Silos in the table that are not there any more are declared dead first, as far as one silo may: nothing waits for them later.</summary>
    public async Task BecomeActive(Silo silo, CancellationToken cancellationToken)
    {
        var began = _around.Time.GetTimestamp();
        var rows = _agent.Rows.Where(r => !r.Silo.Equals(silo.Address) && r.Status != SiloStatus.Dead).ToArray();
        await Task.WhenAll(rows.Select(Greet)).WaitAsync(cancellationToken);
        var greeting = _around.Time.GetElapsedTime(began);
        _link.AcceptsClients = true;
        await _agent.SetOwnStatus(SiloStatus.Active, cancellationToken);
        LogActive(_log, _joining.TotalMilliseconds, rows.Length, greeting.TotalMilliseconds, (_around.Time.GetElapsedTime(began) - greeting).TotalMilliseconds);
    }

    public async Task BeginLeaving(Silo silo)
    {
        _link.CloseGateway();
        await Quietly(() => _agent.SetOwnStatus(SiloStatus.ShuttingDown, CancellationToken.None));
    }

    public async Task Leave(Silo silo, bool inGoodOrder)
    {
        if (inGoodOrder)
        {
            await _link.Drain(_drainTimeout, () => silo.IsRouting);
            // All that was said has arrived before the others bury this silo, and end what they still wait for.
            await _link.Finish(LongestFlush);
            await Quietly(() => _agent.SetOwnStatus(SiloStatus.Dead, CancellationToken.None));
        }

        // What was said last reaches the others: they know then, and need not find out.
        await Task.WhenAll(_heartbeats.Values.Select(h => inGoodOrder ? h.Finish() : Task.CompletedTask));
        _stop.Cancel();
        foreach (var heartbeat in _heartbeats.Values)
        {
            heartbeat.Dispose();
        }

        _link.Close("the silo has left");
    }

    public async ValueTask Refresh(CancellationToken cancellationToken) => await _agent.Refresh(cancellationToken);

    public Task<bool> TryKill(SiloAddress silo) => _agent.Suspect(silo, isProof: true, "it is to end", CancellationToken.None);

    public void RaiseRemindersChanged(GrainId grain)
    {
        RemindersChanged?.Invoke(grain);
        Say(Frames.Of(FrameType.RemindersChanged, grain.ToString()));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _link.Dispose();
    }

    void Listen(Silo silo)
    {
        var address = silo.Address.Endpoint.Address;
        _link.Listen(
            _endpoints.SiloListeningEndpoint ?? new IPEndPoint(address, silo.Address.Endpoint.Port),
            silo.GatewayPort > 0 ? _endpoints.GatewayListeningEndpoint ?? new IPEndPoint(address, silo.GatewayPort) : null);
    }

    // The database may come up later than the silo.
    async Task Insist(Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await action(cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException and not OrleansConfigurationException)
            {
                LogNotJoined(_log, exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), _around.Time, cancellationToken);
            }
        }
    }

    async Task Greet(MemberRow row)
    {
        if (!_heartbeats.TryGetValue(row.Silo, out var heartbeat))
        {
            return;
        }

        // Refusals give proof after a moment; who does not answer at all and was silent for long is not waited for either.
        var patience = TimeSpan.FromMilliseconds(500);
        try
        {
            if (!await heartbeat.First.WaitAsync(_options.ProbeTimeout, _around.Time) && _agent.IsStale(row))
            {
                await _agent.Suspect(row.Silo, isProof: true, "it has not been alive for long and cannot be reached", _stop.Token);
                return;
            }

            for (var waited = TimeSpan.Zero; !heartbeat.First.Result && waited < patience && Snapshot.GetSiloStatus(row.Silo) != SiloStatus.Dead; waited += patience / 10)
            {
                await Task.Delay(patience / 10, _around.Time);
            }
        }
        catch (Exception exception) when (exception is TimeoutException)
        {
            if (_agent.IsStale(row))
            {
                await Quietly(() => _agent.Suspect(row.Silo, isProof: true, "it has not been alive for long and does not answer", _stop.Token));
            }
        }
    }

    // Under the agent's lock: views are told in order.
    void OnChanged(SiloAddress silo, SiloStatus status)
    {
        if (!silo.Equals(_silo?.Address))
        {
            if (status == SiloStatus.Dead)
            {
                Bury(silo);
            }
            else if (!_stop.IsCancellationRequested)
            {
                _heartbeats.GetOrAdd(silo, Watch);
            }
        }

        if (status is SiloStatus.Active or SiloStatus.Dead)
        {
            _link.TellClients(FrameType.TableChanged);
        }

        foreach (var listener in _listeners)
        {
            listener.StatusChanged(silo, status);
        }
    }

    void Bury(SiloAddress silo)
    {
        _directory.SiloDied(silo);
        if (_heartbeats.TryRemove(silo, out var heartbeat))
        {
            heartbeat.Dispose();
        }

        _link.Drop(silo, "it was declared dead");
    }

    Heartbeat Watch(SiloAddress silo)
    {
        var heartbeat = new Heartbeat(_link, silo, _options, _around.Time, _log)
        {
            Unreachable = (other, proof, why) => _options.LivenessEnabled && (proof || IsWatchedByMe(other)) ? _agent.Suspect(other, proof, why, _stop.Token) : Task.CompletedTask,
            Refused = () => _ = _agent.Refresh(_stop.Token),
            Leaving = () =>
            {
                _directory.SiloDied(silo);
                return _link.OtherLeaves(silo);
            },
            Greeting = () => [.. Frames.Of(FrameType.TableChanged, ""), .. ClientsFrame()]
        };
        heartbeat.Start();
        return heartbeat;
    }

    // Everybody greets everybody; who votes on whom is decided by a ring, so that no silo is watched by too many.
    bool IsWatchedByMe(SiloAddress silo)
    {
        var ring = Snapshot.Members.Values.Where(m => m.Status is SiloStatus.Active or SiloStatus.Joining or SiloStatus.ShuttingDown || m.SiloAddress.Equals(silo))
            .Select(m => m.SiloAddress).OrderBy(s => (uint)s.GetConsistentHashCode()).ToList();
        var distance = ring.IndexOf(silo) - ring.IndexOf(_silo!.Address);
        return (distance < 0 ? distance + ring.Count : distance) <= _options.NumProbedSilos;
    }

    async Task AcceptHeartbeat(Watcher watcher)
    {
        var (silo, connection) = (watcher.Silo, watcher.Connection);
        if (Snapshot.GetSiloStatus(silo) == SiloStatus.None)
        {
            _ = _agent.Refresh(_stop.Token);
        }

        await connection.Run(Frames.LongestControl, (type, payload) =>
        {
            switch (type)
            {
                case FrameType.Ping:
                    connection.TrySend(Frames.Of(FrameType.Pong, new Pong(JsonSerializer.Deserialize<long>(payload.ToArray()), _silo!.Catalog.Count)));
                    break;
                case FrameType.Ask when JsonSerializer.Deserialize<Question>(payload.ToArray()) is { } question:
                    connection.TrySend(Frames.Of(FrameType.Reply, new Reply(question.Number, _silo!.Catalog.Find(GrainId.Parse(question.Grain)) is not null)));
                    break;
                case FrameType.TableChanged:
                    _ = _agent.Refresh(_stop.Token);
                    break;
                case FrameType.LastRequest:
                    watcher.Said(JsonSerializer.Deserialize<bool>(payload.ToArray()));
                    break;
                case FrameType.Clients:
                    _link.ClientsOf(silo, JsonSerializer.Deserialize<Dictionary<string, string>>(payload.ToArray()) ?? []);
                    break;
                case FrameType.RemindersChanged:
                    RemindersChanged?.Invoke(GrainId.Parse(JsonSerializer.Deserialize<string>(payload.ToArray())!));
                    break;
            }
        });
    }

    byte[] ClientsFrame() => Frames.Of(FrameType.Clients, _link.Clients);

    void Say(byte[] frame)
    {
        foreach (var heartbeat in _heartbeats.Values)
        {
            heartbeat.Say(frame);
        }
    }

    void Gossip(byte[] frame)
    {
        if (_options.UseLivenessGossip)
        {
            Say(frame);
        }
    }

    bool IsDead(SiloAddress silo) => Snapshot.GetSiloStatus(silo) == SiloStatus.Dead;

    async Task<SiloAddress?> AskAround(GrainId grain)
    {
        var asked = _heartbeats.Select(async h => (Silo: h.Key, Has: await h.Value.Has(grain))).ToList();
        while (asked.Count > 0)
        {
            var answered = await Task.WhenAny(asked);
            if ((await answered).Has)
            {
                return (await answered).Silo;
            }

            asked.Remove(answered);
        }

        return null;
    }

    // A silo that is in the directory and in no view of ours may be new.
    async ValueTask<bool> MayHold(SiloAddress silo)
    {
        if (Snapshot.GetSiloStatus(silo) == SiloStatus.None)
        {
            await _agent.Refresh(_stop.Token);
        }

        return Snapshot.GetSiloStatus(silo) is not (SiloStatus.None or SiloStatus.Dead) && !_link.HasLeft(silo);
    }

    void Every(TimeSpan period, Func<CancellationToken, Task> action)
    {
        if (period <= TimeSpan.Zero)
        {
            return;
        }

        _around.Threads.Start(Loop);

        async Task Loop()
        {
            using var timer = new PeriodicTimer(period, _around.Time);
            try
            {
                while (await timer.WaitForNextTickAsync(_stop.Token))
                {
                    await Quietly(() => action(_stop.Token));
                }
            }
            catch (OperationCanceledException)
            {
                // The silo ends.
            }
        }
    }

    async Task Quietly(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception exception)
        {
            LogFailed(_log, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The silo could not join the cluster yet: {Reason}")]
    static partial void LogNotJoined(ILogger log, string reason);

    [LoggerMessage(LogLevel.Information, "It took {Joining:0} ms to join the membership, {Greeting:0} ms to see which of {Others} others are there, and {Activating:0} ms to become active")]
    static partial void LogActive(ILogger log, double joining, int others, double greeting, double activating);

    [LoggerMessage(LogLevel.Debug, "Something that is done again later failed: {Reason}")]
    static partial void LogFailed(ILogger log, string reason);
}

/// <summary>The secret that the processes of a cluster share: <c>Cluster:Secret</c> of the configuration, empty for none.</summary>
static class ClusterSecret
{
    public static ClusterIdentity Identity(IServiceProvider services, ClusterOptions cluster) =>
        new(cluster.ClusterId, cluster.ServiceId, services.GetService<IConfiguration>()?["Cluster:Secret"] ?? "");
}
