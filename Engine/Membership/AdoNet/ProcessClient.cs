using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>A client's part in a cluster of processes: it reads the gateways from the membership table, and keeps a connection to each.</summary>
sealed partial class ProcessClient : IClientCluster, IDisposable
{
    readonly IMembershipTable _table;
    readonly ClientLink _link;
    readonly GatewayOptions _options;
    readonly ConnectionOptions _connections;
    readonly Surroundings _around;
    readonly ILogger _log;
    readonly CancellationTokenSource _stop = new();
    TaskCompletionSource _wake = Completion.Source();
    ImmutableDictionary<SiloAddress, IPEndPoint> _gateways = ImmutableDictionary<SiloAddress, IPEndPoint>.Empty;
    bool _tableIsAway;

    public ProcessClient(
        IServiceProvider services, IMembershipTable table, IOptions<ClusterOptions> cluster, IOptions<GatewayOptions> gateways,
        IOptions<ConnectionOptions> connections, IOptions<ClientMessagingOptions> messaging, ILogger<ProcessClient> log)
    {
        _options = gateways.Value;
        _connections = connections.Value;
        _around = Surroundings.Of(services);
        _log = log;
        _table = table;
        _link = new ClientLink(ClusterSecret.Identity(services, cluster.Value), connections.Value, messaging.Value, _around, log) { Changed = Wake };
    }

    public IMessageLink Link => _link;

    public SiloAddress[] Gateways => _link.Open;

    // Clients are told apart by this: two that start at once, on one machine or on two, must differ.
    public SiloAddress NewClientAddress() => SiloAddress.New(IPAddress.Loopback, _around.Random.Next(1, 1 << 16), -_around.Random.Next(1, int.MaxValue));

    public void Listen(IMembershipListener listener)
    {
        // A client learns of a silo's death by its connection.
    }

    public void Unlisten(IMembershipListener listener) { }

    public async Task Connect(ClientNode client, CancellationToken cancellationToken)
    {
        _link.Attach(client);
        try
        {
            await ReadGateways(cancellationToken);
            await Settled(_link.Connect(_gateways, cancellationToken));
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not OrleansConfigurationException)
        {
            throw new SiloUnavailableException($"The gateways could not be read: {exception.Message}", exception);
        }

        if (Gateways.Length == 0)
        {
            throw new SiloUnavailableException($"Could not find any gateway among {_gateways.Count} that are known. The client will not be able to start.");
        }

        _around.Threads.Start(Follow);
    }

    public Task Disconnect(ClientNode client)
    {
        _stop.Cancel();
        _link.Close("the client ends");
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    // Reads the list every refresh period; soon after a connection was lost, and while one is missing it is tried again after the retry delay.
    async Task Follow()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                var isComplete = Gateways.Length >= _gateways.Count;
                await Woken(isComplete ? _options.GatewayListRefreshPeriod : _connections.ConnectionRetryDelay);
                await Refresh();
                _link.LetGo();
            }
        }
        catch (OperationCanceledException)
        {
            // The client ends.
        }
    }

    void Wake() => Volatile.Read(ref _wake).TrySetResult();

    async Task Woken(TimeSpan atMost)
    {
        await _wake.Task.WaitAsync(atMost, _around.Time, _stop.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Volatile.Write(ref _wake, Completion.Source());
    }

    async Task Refresh()
    {
        try
        {
            await ReadGateways(_stop.Token);
            _tableIsAway = false;
        }
        catch (Exception exception) when (!_stop.IsCancellationRequested)
        {
            if (!_tableIsAway)
            {
                _tableIsAway = true;
                LogTableIsAway(_log, exception.Message);
            }
        }

        await Settled(_link.Connect(_gateways, _stop.Token));
    }

    async Task ReadGateways(CancellationToken cancellationToken)
    {
        var rows = (await _table.Read(cancellationToken)).Rows;
        _gateways = rows.Where(r => r.Status == SiloStatus.Active && r.ProxyPort > 0)
            .ToImmutableDictionary(r => r.Silo, r => new IPEndPoint(r.Silo.Endpoint.Address, r.ProxyPort));
        foreach (var row in rows.Where(r => r.Status == SiloStatus.Dead))
        {
            _link.Drop(row.Silo, "it was declared dead");
        }
    }

    static async Task Settled(Task[] opening)
    {
        foreach (var task in opening)
        {
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The gateways cannot be read from the membership table, those that are known stay: {Reason}")]
    static partial void LogTableIsAway(ILogger log, string reason);
}
