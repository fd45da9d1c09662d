using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Tributary.Grains.Frames;
using Tributary.Ingest.Publishing;

namespace Tributary.Silo.Systemd;

/// <summary>
/// Tells systemd how the service does: READY once it serves; WATCHDOG while <see cref="SelfCheck"/> finds it alive; RELOADING and READY around a
/// new reading of the configuration (SIGHUP); STOPPING with the time that the stop may take. Source: sd_notify(3).
/// </summary>
sealed partial class ServiceReports(
    NotifySocket manager, SelfCheck self, NodeDrainer drainer, ServerOptions options, PublishMetrics publishing, FrameChannels channels, IConfiguration configuration, IOptions<HostOptions> host,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ServiceReports> log) : BackgroundService
{
    // What the host adds to its deadline for stopping: the rest of the process's life.
    static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    PosixSignalRegistration? _reload;
    bool _isSick;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => manager.Tell("READY=1", Status()));
        drainer.Leaving += () => Stopping("Draining", options.Node.DrainDeadline + host.Value.ShutdownTimeout + Rest);
        lifetime.ApplicationStopping.Register(() => Stopping("Stopping", host.Value.ShutdownTimeout + Rest));
        _reload = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload);
        return base.StartAsync(cancellationToken);
    }

    void Stopping(string status, TimeSpan within) => manager.Tell(
        "STOPPING=1", $"STATUS={status}", string.Create(CultureInfo.InvariantCulture, $"EXTEND_TIMEOUT_USEC={within.TotalMicroseconds:0}"));

    // Three times within the limit, so that one check that takes long costs nothing.
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (NotifySocket.WatchdogFromEnvironment() is not { } limit)
        {
            return;
        }

        var pause = limit / 3;
        using var timer = new PeriodicTimer(pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            // Who drains has closed what the check asks; then it is the deadline for stopping that watches.
            if (!lifetime.ApplicationStarted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                manager.Tell("WATCHDOG=1");
            }
            else if (await Check(pause))
            {
                manager.Tell("WATCHDOG=1", Status());
            }
        }
    }

    async Task<bool> Check(TimeSpan within)
    {
        var sick = await self.Run(within, time);
        if (sick is not null)
        {
            LogSick(sick);
        }
        else if (_isSick)
        {
            LogWell();
        }

        _isSick = sick is not null;
        return sick is null;
    }

    void Reload(PosixSignalContext context)
    {
        context.Cancel = true;   // without it SIGHUP ends the process
        var now = Stopwatch.GetTimestamp() * 1_000_000.0 / Stopwatch.Frequency;
        manager.Tell("RELOADING=1", string.Create(CultureInfo.InvariantCulture, $"MONOTONIC_USEC={now:0}"));
        try
        {
            ((IConfigurationRoot)configuration).Reload();
            LogReloaded();
        }
        catch (Exception exception) when (StartFailure.Lines(exception).ToArray() is { Length: > 0 } lines)
        {
            LogNotReloaded(string.Join(" ", lines));
        }
        finally
        {
            manager.Tell("READY=1", Status());
        }
    }

    string Status() => string.Create(CultureInfo.InvariantCulture, $"STATUS={publishing.Current} publishers here, {channels.Count} streams kept");

    public override void Dispose()
    {
        _reload?.Dispose();
        base.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "The watchdog is not fed: {Why}")]
    partial void LogSick(string why);

    [LoggerMessage(LogLevel.Information, "The watchdog is fed again")]
    partial void LogWell();

    [LoggerMessage(LogLevel.Information, "The configuration was read again")]
    partial void LogReloaded();

    [LoggerMessage(LogLevel.Error, "The configuration was not read again: {Why}")]
    partial void LogNotReloaded(string why);
}

static class ServiceHosting
{
    /// <summary>Reports to systemd where it started this process; otherwise nothing.</summary>
    public static IServiceCollection AddServiceReports(this IServiceCollection services)
    {
        if (NotifySocket.FromEnvironment() is { } manager)
        {
            services.AddSingleton(manager).AddSingleton<SelfCheck>().AddHostedService<ServiceReports>();
        }

        return services;
    }
}
