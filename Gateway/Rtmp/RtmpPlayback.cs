using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Tributary.Gateway.Access;
using Tributary.Gateway.Live;
using Tributary.Gateway.Streaming;
using Tributary.Grains.Access;
using Tributary.Protocols.Rtmp;

namespace Tributary.Gateway.Rtmp;

/// <summary>
/// Plays a stream on an RTMP connection that asked for it, whoever accepted the connection: the play is answered, the socket becomes a viewer's, and
/// what the player says meanwhile is answered between two messages.
/// </summary>
public sealed partial class RtmpPlayback(StreamingViewers viewers, PlayGate gate, ViewerHandover handover, ILogger<RtmpPlayback> log)
{
    /// <summary>
    /// Comes back when the player has left or was refused. The connection's transport came through <see cref="StreamingHosting.UseRtmpOutput"/>.
    /// </summary>
    public async Task Play(ConnectionContext connection, RtmpSession session, RtmpPlayRequest request)
    {
        if (connection.Transport.Output is not DetachableOutput output)
        {
            throw new InvalidOperationException("RTMP is played on connections with UseRtmpOutput.");
        }

        if (!RtmpPlayName.TryParse(request, out var stream))
        {
            await Refuse(session, output, "NetStream.Play.Failed", "Play rtmp://HOST/live/NAME.");
            return;
        }

        if (handover.RtmpElsewhere(RtmpPlayName.App(request)) is { } elsewhere)
        {
            await Refuse(session, output, "NetStream.Play.Failed", $"This gateway is being shut down: play {elsewhere}/{stream}.", elsewhere);
            return;
        }

        using var hold = await gate.Hold(Played(connection, request, stream));
        if (!hold.Decision.Granted)
        {
            LogRefused(connection.RemoteEndPoint?.ToString(), stream, hold.Decision.Reason);
            await (gate.IsPrivate(stream)
                ? Refuse(session, output, "NetStream.Play.StreamNotFound", $"Stream '{stream}' is not on air.")
                : Refuse(session, output, "NetStream.Play.Failed", hold.Decision.Sentence));
            return;
        }

        var (outcome, seat) = await viewers.TryOpen(stream, StreamFormat.Rtmp);
        if (seat is null)
        {
            await (outcome == StreamingOutcome.OffAir
                ? Refuse(session, output, "NetStream.Play.StreamNotFound", $"Stream '{stream}' is not on air.")
                : Refuse(session, output, "NetStream.Play.Failed", "The stream cannot be played right now."));
            return;
        }

        using (seat)
        {
            session.AcceptPlay();
            await output.FlushAsync();
            LogPlaying(connection.RemoteEndPoint?.ToString(), stream);
            await Watch(connection, session, output, seat, request, stream, hold.Over);
        }
    }

    async Task Watch(
        ConnectionContext connection, RtmpSession session, DetachableOutput output, StreamingViewers.Seat seat, RtmpPlayRequest request, string stream,
        CancellationToken over)
    {
        var own = output.Detach();
        var viewer = new Viewer(own, new RtmpFraming(request.StreamId));
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        await using var onStop = stopping.UnsafeRegister(static viewer => ((Viewer)viewer!).End(ViewerEnd.Stopping), viewer);
        await using var onOver = over.UnsafeRegister(static viewer => ((Viewer)viewer!).End(ViewerEnd.Expired), viewer);
        var listening = Listen(connection.Transport.Input, session, output, viewer);
        var end = await seat.Watch(viewer);
        connection.Transport.Input.CancelPendingRead();
        await listening;
        if (own is PipeOutput pipe)
        {
            await pipe.Settle();
        }

        if (end is ViewerEnd.OffAir or ViewerEnd.Stopping or ViewerEnd.Expired or ViewerEnd.Moved)
        {
            session.StopPlay(end == ViewerEnd.OffAir ? "" : handover.RtmpElsewhere(RtmpPlayName.App(request)) ?? "");
        }

        LogPlayed(connection.RemoteEndPoint?.ToString(), stream, end, viewer.Sent);
    }

    static PlayRequest Played(ConnectionContext connection, RtmpPlayRequest request, string stream) => new(
        stream, ViewerAddress.Plain((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None),
        connection.Features.Get<ITlsConnectionFeature>() is null ? "rtmp" : "rtmps", RtmpPlayName.Query(request), "", request.Connect.FlashVer)
    {
        TcUrl = request.Connect.TcUrl,
    };

    static async Task Listen(PipeReader input, RtmpSession session, DetachableOutput output, Viewer viewer)
    {
        try
        {
            while (viewer.Ended == ViewerEnd.None)
            {
                var read = await input.ReadAsync(CancellationToken.None);
                var buffer = read.Buffer;
                var left = Hear(session, ref buffer) || read.IsCompleted;
                input.AdvanceTo(buffer.Start, buffer.End);
                if (output.Take() is { Length: > 0 } reply)
                {
                    viewer.Say(reply);
                }

                if (left || session.End != RtmpEnd.None)
                {
                    viewer.End(left ? ViewerEnd.Left : ViewerEnd.Protocol);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            viewer.End(ViewerEnd.Left);
        }
    }

    // True: it wants no more.
    static bool Hear(RtmpSession session, ref ReadOnlySequence<byte> buffer)
    {
        while (session.TryRead(ref buffer, out var message))
        {
            message.Payload.Release();
            if (message.Kind == RtmpMessageKind.EndPlay)
            {
                return true;
            }
        }

        return false;
    }

    static async Task Refuse(RtmpSession session, DetachableOutput output, string code, string sentence, string redirect = "")
    {
        session.RefusePlay(code, sentence, redirect);
        await output.FlushAsync();
    }

    [LoggerMessage(LogLevel.Warning, "rtmp {Remote} refused playing '{Stream}': {Reason}")]
    partial void LogRefused(string? remote, string stream, AccessReason reason);

    [LoggerMessage(LogLevel.Information, "rtmp {Remote} plays '{Stream}'")]
    partial void LogPlaying(string? remote, string stream);

    [LoggerMessage(LogLevel.Information, "rtmp {Remote} played '{Stream}': {End} ({Bytes} bytes)")]
    partial void LogPlayed(string? remote, string stream, ViewerEnd end, long bytes);
}
