using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;

namespace Tributary.Gateway.Vod;

/// <summary>
/// Packages a movie that is not there, in every form, when the process starts: the runtime compiles what it runs for the first time, and the first viewer
/// should not wait for that.
/// </summary>
sealed partial class VodWarmUp(IOptions<VodOptions> options, ILogger<VodWarmUp> log) : BackgroundService
{
    const int Rounds = 30;   // the runtime takes what ran so often for worth more work

    static readonly VodRequest[] Requests =
    [
        new() { Kind = VodRequestKind.HlsMaster }, new() { Kind = VodRequestKind.HlsIndex }, new() { Kind = VodRequestKind.HlsIFrames },
        new() { Kind = VodRequestKind.HlsTsSegment, SegmentIndex = 1 }, new() { Kind = VodRequestKind.HlsInit }, new() { Kind = VodRequestKind.HlsFmp4Segment, SegmentIndex = 1 },
        new() { Kind = VodRequestKind.DashManifest }, new() { Kind = VodRequestKind.DashInit, Tracks = new TrackSelection(1, 0) },
        new() { Kind = VodRequestKind.DashFragment, SegmentIndex = 1, Tracks = new TrackSelection(1, 0), Version = 3 }, new() { Kind = VodRequestKind.MssManifest },
    ];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        options.Value.WarmUp > TimeSpan.Zero ? Task.Run(() => Run(stoppingToken), stoppingToken) : Task.CompletedTask;

    async Task Run(CancellationToken stopping)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var movie = WarmUpMovie.Make();
            for (var round = 0; round < Rounds && Stopwatch.GetElapsedTime(started) < options.Value.WarmUp && !stopping.IsCancellationRequested; round++)
            {
                await movie.OpenAsync(stopping);
                foreach (var request in Requests)
                {
                    await Package(movie, request, stopping);
                }
            }

            LogWarm(log, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The process ends as soon as it began.
        }
    }

    /// <summary>Packages one request, and leaves the bytes to nobody. False where it has no body.</summary>
    internal static async Task<bool> Package(WarmUpMovie movie, VodRequest request, CancellationToken cancellation)
    {
        var set = new MediaSetDescription { Sequences = [new SequenceDescription { Clips = [new SourceClip { Path = "/warm-up" }] }] };
        var place = new VodPlace { BaseUrl = "http://localhost", SegmentsBaseUrl = "http://localhost", Path = "/warm-up" };
        var answer = await new VodPackager(movie, PackagingOptions.Default).AnswerAsync(new VodJob(set, request, place, 0), cancellation);
        if (answer.Body is not { } body)
        {
            return false;
        }

        await using (body)
        {
            await body.WriteAsync(PipeWriter.Create(Stream.Null), 0, body.Length, cancellation);
            return true;
        }
    }

    /// <summary>What is packaged.</summary>
    internal static IReadOnlyList<VodRequest> All => Requests;

    [LoggerMessage(LogLevel.Debug, "The VOD packager was tried in every form for {Milliseconds} ms")]
    static partial void LogWarm(ILogger log, long milliseconds);
}
