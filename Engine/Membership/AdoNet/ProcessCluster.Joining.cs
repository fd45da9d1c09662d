using System.Net;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// How a silo becomes a member of the cluster, and how it leaves.
sealed partial class ProcessCluster
{
    static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(3);
    TimeSpan _joining;

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

    [LoggerMessage(LogLevel.Warning, "The silo could not join the cluster yet: {Reason}")]
    static partial void LogNotJoined(ILogger log, string reason);

    [LoggerMessage(LogLevel.Information, "It took {Joining:0} ms to join the membership, {Greeting:0} ms to see which of {Others} others are there, and {Activating:0} ms to become active")]
    static partial void LogActive(ILogger log, double joining, int others, double greeting, double activating);
}
