using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Grains.Access;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Asks for a small movie in every form soon after the process starts: the runtime compiles what it runs for the first time, and the first viewer should not
/// wait for that. It begins when viewers can be let in: where a whole cluster starts on one machine, what they all wait for comes first.
/// </summary>
sealed partial class VodWarmUp(IOptions<VodOptions> options, AccessRules rules, ILogger<VodWarmUp> log) : BackgroundService
{
    const int Rounds = 4;
    const int MovieLength = 60_000;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        options.Value.WarmUp > TimeSpan.Zero ? Task.Run(() => Run(stoppingToken), stoppingToken) : Task.CompletedTask;

    async Task Run(CancellationToken stopping)
    {
        try
        {
            await rules.Known.WaitAsync(stopping);
            var started = Stopwatch.GetTimestamp();
            await using var packager = await WarmUpPackager.Start(stopping);
            for (var round = 0; round < Rounds && Stopwatch.GetElapsedTime(started) < options.Value.WarmUp; round++)
            {
                foreach (var file in WarmUpPackager.Files)
                {
                    await packager.Ask(file, MovieLength - round, stopping);
                    await packager.Ask(file, MovieLength - round, stopping);   // from the cache now, where it is one that is kept
                }
            }

            LogWarm(log, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The process ends as soon as it began.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogCold(log, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Debug, "The VOD packager was tried in every form for {Milliseconds} ms")]
    static partial void LogWarm(ILogger log, long milliseconds);

    [LoggerMessage(LogLevel.Warning, "The VOD packager was not tried, its first answers will be slow: {Reason}")]
    static partial void LogCold(ILogger log, string reason);
}
