using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using Tributary.Gateway.Access;
using Tributary.Grains.ServerNodes;
using Tributary.Protocols.Http;
using Tributary.Protocols.WebSockets;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// Stands before HTTP on a plain connection: a first request for an endless response that can be answered is taken off HTTP's hands, and its body goes
/// to the socket without the copies and task switches of a response. Everything else – other requests, TLS, HTTP/2, streams that are not on air –
/// is HTTP's, with every byte that came.
/// <para>
/// This is sound because nothing has been written to the connection's own output before, and nothing is later: what is sent to the socket directly
/// cannot overtake or mix with anything.
/// </para>
/// </summary>
sealed class FirstRequest(
    StreamingViewers viewers, PlayGate gate, ViewerAddress addresses, NodeDrain drain, IOptions<StreamingOptions> options, IOptions<EdgeOptions> edge)
{
    public async Task OnConnected(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!SocketOutput.IsSupported || connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket
            || await Read(connection.Transport.Input) is not { } head || !StreamingRequest.TryParse(head.Path, out var request))
        {
            await next(connection);
            return;
        }

        var address = ViewerAddress.Plain((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
        if (drain.IsDraining || (head.IsForwarded && addresses.IsProxy(address)))
        {
            await next(connection);   // HTTP knows where to send it, or for whom it asks
            return;
        }

        using var hold = gate.IsOpen(request.Stream) ? null : await gate.Hold(request.Played(address, head));
        var (_, seat) = hold is null or { Decision.Granted: true } ? await viewers.TryOpen(request.Stream, request.Format) : default;
        if (seat is null)
        {
            await next(connection);   // HTTP says why
            return;
        }

        using (seat)
        {
            await Consume(connection.Transport.Input);
            var responseHead = request.ResponseHead(head.WebSocketKey, edge.Value.AllowOrigin);
            var viewer = new Viewer(new SocketOutput(socket), request.Framing(responseHead, head.WebSocketKey is not null));
            var listening = head.WebSocketKey is null ? UntilLeft(connection.Transport.Input, viewer) : Converse(connection.Transport.Input, viewer);
            var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
            await using var onStop = stopping.UnsafeRegister(static viewer => ((Viewer)viewer!).End(ViewerEnd.Stopping), viewer);
            await using var onOver = (hold?.Over ?? default).UnsafeRegister(static viewer => ((Viewer)viewer!).End(ViewerEnd.Expired), viewer);
            await seat.Watch(viewer);
            connection.Transport.Input.CancelPendingRead();
            await listening;
        }
    }

    // Looks at the first bytes without taking them; null where they are not for us.
    async Task<RequestHead?> Read(PipeReader input)
    {
        using var patience = new CancellationTokenSource(options.Value.FirstRequestTimeout);
        await using var onTimeout = patience.Token.UnsafeRegister(static input => ((PipeReader)input!).CancelPendingRead(), input);
        while (true)
        {
            var read = await input.ReadAsync(CancellationToken.None);
            var outcome = Judge(read.Buffer, out var head);
            var goesOn = outcome == RequestHeadOutcome.Incomplete && !read.IsCanceled && !read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, goesOn ? read.Buffer.End : read.Buffer.Start);
            if (!goesOn)
            {
                return outcome == RequestHeadOutcome.Complete ? head : null;
            }
        }
    }

    static RequestHeadOutcome Judge(in ReadOnlySequence<byte> buffer, out RequestHead head)
    {
        if (buffer.IsSingleSegment)
        {
            return RequestHead.TryRead(buffer.FirstSpan, out head, out _);
        }

        Span<byte> joined = stackalloc byte[RequestHead.MaxLength + 4];
        var length = (int)Math.Min(buffer.Length, joined.Length);
        buffer.Slice(0, length).CopyTo(joined);
        return RequestHead.TryRead(joined[..length], out head, out _);
    }

    static async Task Consume(PipeReader input)
    {
        var read = await input.ReadAsync(CancellationToken.None);
        var end = Find(read.Buffer);
        input.AdvanceTo(end);
    }

    static SequencePosition Find(in ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        reader.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8);
        return reader.Position;
    }

    // What a viewer still sends is nothing to us; that it closes is.
    static async Task UntilLeft(PipeReader input, Viewer viewer)
    {
        try
        {
            for (var goesOn = true; goesOn && viewer.Ended == ViewerEnd.None;)
            {
                var read = await input.ReadAsync(CancellationToken.None);
                input.AdvanceTo(read.Buffer.End);
                goesOn = !read.IsCompleted;
            }
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            // It is gone.
        }

        viewer.End(ViewerEnd.Left);
    }

    /// <summary>Answers pings and the closing handshake of a WebSocket until it ends.</summary>
    internal static async Task Converse(PipeReader input, Viewer viewer)
    {
        var frames = new WebSocketFrames();
        try
        {
            while (viewer.Ended == ViewerEnd.None)
            {
                var read = await input.ReadAsync(CancellationToken.None);
                var buffer = read.Buffer;
                var end = Answer(frames, ref buffer, viewer);
                input.AdvanceTo(buffer.Start, buffer.End);
                if (end != ViewerEnd.None || read.IsCompleted)
                {
                    viewer.End(end == ViewerEnd.None ? ViewerEnd.Left : end);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            viewer.End(ViewerEnd.Left);
        }
    }

    static ViewerEnd Answer(WebSocketFrames frames, ref ReadOnlySequence<byte> buffer, Viewer viewer)
    {
        while (frames.TryRead(ref buffer, out var frame))
        {
            switch (frame.Opcode)
            {
                case WebSocketOpcode.Close:
                    return ViewerEnd.Left;
                case WebSocketOpcode.Ping:
                    viewer.Say(WebSocketFrames.Frame(WebSocketOpcode.Pong, frame.Payload));
                    break;
            }
        }

        return frames.Malformed ? ViewerEnd.Protocol : ViewerEnd.None;
    }
}
