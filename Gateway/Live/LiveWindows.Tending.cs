using Tributary.Grains.LiveStreams;

namespace Tributary.Gateway.Live;

// While streams are followed: registrations are renewed, sources that fall silent are asked about, and what nobody watches is let go.
public sealed partial class LiveWindows
{
    static readonly TimeSpan Sweep = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        feeds.SourceOutOfSight += OutOfSight;
        await Task.WhenAll(Every(Sweep, Tend, stoppingToken), Every(Look, DoubtTheSilent, stoppingToken));
        foreach (var stream in _windows.Keys)
        {
            await LetGo(stream);
        }
    }

    async Task Every(TimeSpan period, Func<Task> act, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                await act();
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    /// <summary>Asks about sources on other nodes that send nothing any more: their encoder may be silent, or the node frozen.</summary>
    internal Task DoubtTheSilent()
    {
        foreach (var stream in _windows.Keys)
        {
            if (Find(stream) is { Directive: { Node.Length: > 0 } directive, Asking: 0 } window && directive.Node != node.Name && window.FallsSilent(options.Value.DoubtAfter))
            {
                _ = AskAgain(window, directive.Node);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Lets go of what nobody watches, and keeps the registrations of the others alive.</summary>
    internal Task Tend() => Task.WhenAll(_windows.Keys.Select(Tend));

    async Task Tend(string stream)
    {
        if (Find(stream) is not { } window)
        {
            return;
        }

        if (window.Rendition > RenditionName.First ? Find(window.Entry) is null : window.Idle > options.Value.Linger)
        {
            await LetGo(stream);
            return;
        }

        if (time.GetElapsedTime(window.RegisteredAt) >= GatewayRegistration.RenewalAfter(window.Silence))
        {
            try
            {
                await Register(window, window.CountViewers());
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                LogUnanswered(stream, exception.Message);   // the next sweep tries again; pictures go on meanwhile
            }
        }
    }

    // By the frames themselves a gateway learns first that something happened to their source; its grain knows what.
    async Task AskAgain(OpenWindow window, string lostNode)
    {
        if (Interlocked.Exchange(ref window.Asking, 1) != 0)
        {
            return;
        }

        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // not on the publisher's thread
            await Register(window, window.CountViewers(), lostNode);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            LogUnanswered(window.Stream, exception.Message);
            window.RegisteredAt = 0;   // the next sweep tries again
        }
        finally
        {
            Volatile.Write(ref window.Asking, 0);
        }
    }

    void OutOfSight(string stream)
    {
        if (Find(stream) is { } window)
        {
            _ = AskAgain(window, window.Directive?.Node ?? "");
        }
    }
}
