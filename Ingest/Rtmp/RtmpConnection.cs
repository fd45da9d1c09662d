using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Rtmp;

/// <summary>
/// One encoder's connection. Steps: read; let the session answer what is only protocol; admit what wants to publish; hand media to the
/// publication; flush; until the encoder leaves, breaks a rule, falls silent, or the cluster ends it.
/// </summary>
sealed partial class RtmpConnection(
    IDuplexPipe transport, IPEndPoint remote, string protocol, RtmpAdmission admission, FramePool frames, RtmpOptions options,
    IngestMetrics metrics, TimeProvider time, ILogger log, bool plays = false) : IDisposable
{
    static readonly TimeSpan DeadlineStep = TimeSpan.FromSeconds(1), PingEvery = TimeSpan.FromSeconds(30);

    readonly FrameArena _arena = new(frames);
    RtmpPublication? _publication;
    FlvToFrames? _toFrames;
    CancellationTokenRegistration _endedByCluster;
    long _counted, _armed, _pinged;
    uint _ping;

    /// <summary>Why it ended, once <see cref="Run"/> is over.</summary>
    public RtmpClose Close { get; private set; } = RtmpClose.PeerClosed;

    /// <summary>The same for people; holds no secret.</summary>
    public string Why { get; private set; } = "The encoder closed the connection.";

    /// <summary>What it wants to play, where somebody here plays: whoever ran the connection goes on with it and its session.</summary>
    public RtmpPlayRequest? Play { get; private set; }

    /// <summary>What it published last, if anything was admitted.</summary>
    public string? StreamName { get; private set; }

    public long BytesRead { get; private set; }

    public void Dispose() => _arena.Dispose();

    /// <summary>The session to run it with; the caller's to dispose.</summary>
    public RtmpSession NewSession() => new(transport.Output, _arena, options.Limits, Random.Shared);

    public async Task Run(RtmpSession session, CancellationToken stopping)
    {
        using var deadline = new CancellationTokenSource(options.HandshakeTimeout, time);
        await using var onDeadline = deadline.Token.UnsafeRegister(StopReading, transport.Input);
        await using var onStopping = stopping.UnsafeRegister(StopReading, transport.Input);
        try
        {
            while (await Turn(session, deadline, stopping))
            {
            }

            await SayFarewell(session);
        }
        catch (Exception exception)
            when (exception is ConnectionAbortedException or ConnectionResetException or IOException or OperationCanceledException)
        {
            End(RtmpClose.ConnectionLost, "The network broke the connection.");
        }
        finally
        {
            BytesRead = session.BytesRead;
            await EndPublication(EndOf(Close));
        }
    }

    static void StopReading(object? input) => ((PipeReader)input!).CancelPendingRead();

    // One read and all that follows from it; false when it was the last. Pooled: it runs for every few frames of every encoder.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    async ValueTask<bool> Turn(RtmpSession session, CancellationTokenSource deadline, CancellationToken stopping)
    {
        var read = await transport.Input.ReadAsync(CancellationToken.None);
        if (read.IsCanceled && IsOver(session, deadline, stopping))
        {
            transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            return false;
        }

        var buffer = read.Buffer;
        var (wasShaking, wasPublishing) = (!session.HandshakeDone, session.IsPublishing);
        var goesOn = true;
        while (goesOn && session.TryRead(ref buffer, out var message))
        {
            goesOn = await Handle(session, message);
        }

        // 1. How long the next bytes may take.
        var nextPhase = wasShaking == session.HandshakeDone || wasPublishing != session.IsPublishing;
        if (session.HandshakeDone && (nextPhase || (session.IsPublishing && time.GetElapsedTime(_armed) > DeadlineStep)))
        {
            _armed = time.GetTimestamp();
            deadline.CancelAfter(session.IsPublishing ? options.IdleTimeout : options.PublishTimeout);
        }

        Ping(session);

        // 2. What was taken is given back, what was answered goes out.
        transport.Input.AdvanceTo(buffer.Start, buffer.End);
        await transport.Output.FlushAsync(CancellationToken.None);
        metrics.Received(protocol, session.BytesRead - _counted);
        _counted = session.BytesRead;

        // 3. Whether there are any.
        if (session.End != RtmpEnd.None && goesOn)
        {
            End(RtmpClose.Protocol, session.End.Sentence());
        }

        return goesOn && session.End == RtmpEnd.None && !read.IsCompleted;
    }

    // How far the encoder is away: it sends all the time, so that no timer is needed to look.
    void Ping(RtmpSession session)
    {
        if (_ping != 0 && session.Ponged == _ping)
        {
            _publication?.RoundTrip?.Invoke(time.GetElapsedTime(_pinged));
            _ping = 0;
        }

        if (session.IsPublishing && _publication?.RoundTrip is not null && (_pinged == 0 || time.GetElapsedTime(_pinged) > PingEvery))
        {
            _pinged = time.GetTimestamp();
            _ping = Math.Max(1, unchecked((uint)time.GetUtcNow().ToUnixTimeMilliseconds()));
            session.Ping(_ping);
        }
    }

    async ValueTask<bool> Handle(RtmpSession session, RtmpMessage message)
    {
        switch (message.Kind)
        {
            case RtmpMessageKind.Video:
                Count(_toFrames!.OnVideo(message.Timestamp, message.Payload));
                return true;
            case RtmpMessageKind.Audio:
                Count(_toFrames!.OnAudio(message.Timestamp, message.Payload));
                return true;
            case RtmpMessageKind.Data:
                Count(_toFrames!.OnData(message.Timestamp, message.Payload.Span));
                message.Payload.Release();
                return true;
            case RtmpMessageKind.Publish:
                return await Admit(session, message.Publish!);
            case RtmpMessageKind.Play when plays:
                Play = message.Play;
                End(RtmpClose.Plays, "It plays.");
                return false;
            case RtmpMessageKind.Play:
                session.RefusePlay("NetStream.Play.Failed", "Here is nothing to play: ask a gateway.");
                End(RtmpClose.Refused, "It asked to play.");
                return false;
            case RtmpMessageKind.EndPublish:
                End(RtmpClose.Unpublished, "The encoder ended the publication.");
                await EndPublication(PublishEnd.Unpublished);
                return true;
            default:
                return true;
        }
    }
}
