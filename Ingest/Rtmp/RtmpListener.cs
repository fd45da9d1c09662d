using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Rtmp;

/// <summary>Plays what a connection of an encoders' port asked for, to its end; given where the process has a gateway too.</summary>
public delegate Task RtmpPlayer(ConnectionContext connection, RtmpSession session, RtmpPlayRequest request);

/// <summary>Takes the connections of both ports: gives each a place or shows it out, runs it, and writes one line when it ends.</summary>
sealed partial class RtmpListener(
    RtmpAdmission admission, RtmpPlaces places, FramePool frames, IOptionsMonitor<RtmpOptions> options, IngestMetrics metrics,
    TimeProvider time, ILogger<RtmpListener> log, RtmpPlayer? playback = null) : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var remote = Plain(connection.RemoteEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0));
        var protocol = connection.Features.Get<ITlsConnectionFeature>() is null ? "rtmp" : "rtmps";
        var rules = options.CurrentValue;
        var since = time.GetTimestamp();
        metrics.Opened(protocol);

        if (!places.TryTake(remote.Address, rules))
        {
            metrics.Closed(protocol, nameof(RtmpClose.TooManyConnections));
            LogNoPlace(protocol, remote.ToString());
            connection.Abort();
            return;
        }

        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var one = new RtmpConnection(
            connection.Transport, remote, protocol, admission, frames, rules, metrics, time, log, plays: playback is not null);
        using var session = one.NewSession();
        try
        {
            await one.Run(session, stopping);
        }
        finally
        {
            places.Give(remote.Address);
            metrics.Closed(protocol, one.Close.ToString());
            LogClosed(
                protocol, remote.ToString(), one.StreamName ?? "-", one.Close, one.Why, one.BytesRead,
                (long)time.GetElapsedTime(since).TotalSeconds);
        }

        if (one.Play is { } request)
        {
            await playback!(connection, session, request);
        }
    }

    // A socket for both families shows IPv4 peers as ::ffff:a.b.c.d.
    static IPEndPoint Plain(IPEndPoint remote) =>
        remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;

    [LoggerMessage(LogLevel.Information, "{Protocol} {Remote} '{Stream}' closed: {Reason}: {Why} ({Bytes} bytes, {Seconds} s)")]
    partial void LogClosed(string protocol, string remote, string stream, RtmpClose reason, string why, long bytes, long seconds);

    [LoggerMessage(LogLevel.Warning, "{Protocol} {Remote} refused: no place left for connections, or for those of its address")]
    partial void LogNoPlace(string protocol, string remote);
}
