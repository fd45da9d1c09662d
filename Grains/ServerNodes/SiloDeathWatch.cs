using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tributary.Grains.ServerNodes;

/// <summary>On every silo: passes what the membership says of dead silos on to the grains of their nodes. All silos say it; once is enough.</summary>
public sealed partial class SiloDeathWatch(ISiloStatusOracle membership, IGrainFactory grains, TimeProvider time, ILogger<SiloDeathWatch> log)
    : BackgroundService, ISiloStatusListener
{
    const int Attempts = 20;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    readonly Channel<SiloAddress> _dead = Channel.CreateBounded<SiloAddress>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest });

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status == SiloStatus.Dead && !updatedSilo.Equals(membership.SiloAddress))
        {
            _dead.Writer.TryWrite(updatedSilo);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        membership.SubscribeToSiloStatusEvents(this);
        try
        {
            await foreach (var silo in _dead.Reader.ReadAllAsync(stoppingToken))
            {
                if (membership.TryGetSiloName(silo, out var node) && node is not null)
                {
                    await Tell(node, silo.ToString(), stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }

        membership.UnSubscribeFromSiloStatusEvents(this);
    }

    // The node's grain may have been on the dead silo: then it must first come back elsewhere.
    async Task Tell(string node, string silo, CancellationToken stopping)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await grains.GetGrain<IServerNodeGrain>(node).SiloDied(silo).WaitAsync(TimeSpan.FromSeconds(1), time, stopping);
                return;
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                if (attempt == Attempts)
                {
                    LogUnheard(node, silo, exception.Message);   // its silence is noticed by its grain as well
                    return;
                }

                await Task.Delay(Pause, time, stopping);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Node {Node} could not be told that its silo {Silo} is dead: {Why}")]
    partial void LogUnheard(string node, string silo, string why);
}
