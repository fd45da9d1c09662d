using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Gateway.Rtmp;

/// <summary>Connections to the RTMP port of a gateway that takes no publishers in: handshake and commands up to the play, then <see cref="RtmpPlayback"/>.</summary>
public sealed class RtmpPlayListener(RtmpPlayback playback, IOptions<RtmpPlayOptions> options) : ConnectionHandler
{
    int _waiting;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        using var arena = new FrameArena(FramePool.Shared);
        using var session = new RtmpSession(connection.Transport.Output, arena);
        RtmpPlayRequest? request = null;
        try
        {
            if (Interlocked.Increment(ref _waiting) <= options.Value.MaxWaiting)
            {
                request = await Listen(connection.Transport, session);
            }
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            // It left.
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        if (request is not null)
        {
            await playback.Play(connection, session, request);
        }
    }

    // Until it asks to play; null where it does not.
    async Task<RtmpPlayRequest?> Listen(IDuplexPipe transport, RtmpSession session)
    {
        using var patience = new CancellationTokenSource(options.Value.PlayTimeout);
        while (true)
        {
            var read = await transport.Input.ReadAsync(patience.Token);
            var buffer = read.Buffer;
            var asked = session.TryRead(ref buffer, out var message);
            if (message.Kind == RtmpMessageKind.Publish)
            {
                session.RefusePublish("This is a gateway: publish to an ingest node.");
            }

            transport.Input.AdvanceTo(buffer.Start, asked ? buffer.Start : buffer.End);
            await transport.Output.FlushAsync(patience.Token);
            if (asked || session.End != RtmpEnd.None || read.IsCompleted)
            {
                return message.Play;
            }
        }
    }
}
