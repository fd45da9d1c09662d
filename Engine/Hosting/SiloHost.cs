using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>Starts and stops a silo with its host, stage by stage.</summary>
sealed class SiloHost : IHostedService
{
    readonly Silo _silo;
    readonly SiloLifecycle _lifecycle;

    public SiloHost(Silo silo, SiloLifecycle lifecycle, ReminderService reminders, IEnumerable<ILifecycleParticipant<ISiloLifecycle>> participants)
    {
        _silo = silo;
        _lifecycle = lifecycle;
        var collector = new IdleCollector(silo);
        lifecycle.Subscribe("Join", ServiceLifecycleStage.RuntimeInitialize, silo.Join, _ => silo.Leave());
        lifecycle.Subscribe("Activations", ServiceLifecycleStage.GrainDeactivation, _ => Task.CompletedTask, silo.DeactivateAll);
        lifecycle.Subscribe("BecomeActive", ServiceLifecycleStage.BecomeActive, silo.BecomeActive, _ => Task.CompletedTask);
        lifecycle.Subscribe("Collector", ServiceLifecycleStage.Active, _ => Run(collector.Start), _ => Run(collector.Dispose));
        lifecycle.Subscribe("Reminders", ServiceLifecycleStage.Active, reminders.Start, reminders.Stop);
        foreach (var participant in participants)
        {
            participant.Participate(lifecycle);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => _lifecycle.OnStart(cancellationToken);

    /// <summary>With a token that is already cancelled nothing is tidied up: the silo is dead at once, as if its process were killed.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            _silo.Kill();
        }

        await _lifecycle.OnStop(cancellationToken);
    }

    static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}

/// <summary>Starts and stops a client with its host.</summary>
sealed partial class ClientHost(ClientHost.Access access, ClientLifecycle lifecycle, IServiceProvider services, TimeProvider time, ILogger<ClientHost> log) : IHostedService
{
    readonly IClientConnectionRetryFilter? _retry = services.GetService<IClientConnectionRetryFilter>();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var participant in services.GetServices<ILifecycleParticipant<IClusterClientLifecycle>>())
        {
            participant.Participate(lifecycle);
        }

        var said = "";
        while (true)
        {
            try
            {
                await access.Node.Connect(cancellationToken);
                break;
            }
            catch (Exception exception) when (_retry is not null && exception is not OperationCanceledException)
            {
                if (exception.Message != said)
                {
                    said = exception.Message;   // it is tried several times a second
                    LogNotConnected(log, said);
                }

                if (!await _retry.ShouldRetryConnectionAttempt(exception, cancellationToken))
                {
                    throw;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
            }
        }

        await lifecycle.OnStart(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await lifecycle.OnStop(cancellationToken);
        await access.Disconnect();
    }

    /// <summary>The node, made when it is first asked for: the cluster may not be there when the host is built.</summary>
    internal sealed class Access(IServiceProvider services)
    {
        ClientNode? _node;

        public ClientNode Node => _node ??= services.GetRequiredService<ClientNode>();

        public IClusterClient Client => Node.Factory;

        public Task Disconnect() => _node?.Disconnect() ?? Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Warning, "The client could not connect to the cluster yet: {Reason}")]
    static partial void LogNotConnected(ILogger log, string reason);
}
