using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
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

    // A cancelled read: somebody wants the connection's end, or the message has been overtaken by events.
    bool IsOver(RtmpSession session, CancellationTokenSource deadline, CancellationToken stopping)
    {
        if (_publication is { Ended.IsCancellationRequested: true } publication)
        {
            var sentence = $"The session was ended: {publication.EndedBy()?.ToString() ?? "by the cluster"}.";
            session.StopPublish(sentence);
            return End(RtmpClose.EndedByServer, sentence);
        }

        if (stopping.IsCancellationRequested)
        {
            session.StopPublish("The server stops.");
            return End(RtmpClose.NodeStopping, "The server stops.");
        }

        return deadline.IsCancellationRequested
            && (!session.HandshakeDone ? End(RtmpClose.HandshakeTimeout, $"No handshake within {options.HandshakeTimeout}.")
                : !session.IsPublishing ? End(RtmpClose.PublishTimeout, $"Nothing was published within {options.PublishTimeout}.")
                : End(RtmpClose.IdleTimeout, $"The encoder sent nothing for {options.IdleTimeout}."));
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

    async ValueTask<bool> Admit(RtmpSession session, RtmpPublishRequest request)
    {
        if (!RtmpPublishUrl.TryParse(request, out var url, out var sentence))
        {
            session.RefusePublish(sentence);
            End(RtmpClose.BadUrl, sentence);
            return false;
        }

        var target = new PublishTarget(url.StreamName, url.Slot, url.Key, protocol, remote)
        {
            Rendition = url.Rendition, Application = url.Application, Partner = int.TryParse(url.Partner, out var partner) ? partner : 0, Query = url.Query, TcUrl = request.Connect.TcUrl, Agent = Shown(request.Connect.FlashVer),
        };
        var answer = await admission(target, CancellationToken.None);
        _publication = answer.Publication;
        if (_publication is not { } publication)
        {
            session.RefusePublish(answer.Sentence, answer.Redirect);
            End(RtmpClose.Refused, answer.Sentence);
            return false;
        }

        StreamName = url.StreamName;
        _toFrames = new FlvToFrames(publication.Sink, _arena);
        _endedByCluster = publication.Ended.UnsafeRegister(StopReading, transport.Input);
        session.AcceptPublish(answer.Sentence.Length > 0 ? answer.Sentence : "Publishing.");
        End(RtmpClose.PeerClosed, "The encoder closed the connection.");
        LogPublishing(protocol, remote.ToString(), url.StreamName, url.Slot, Shown(request.Connect.FlashVer));
        return true;
    }

    void Count(FlvOutcome outcome)
    {
        if (outcome is FlvOutcome.Taken or FlvOutcome.Ignored)
        {
            return;
        }

        metrics.Dropped(protocol, outcome.ToString());
        if (_toFrames!.TryTakeRefusal(out var sentence))
        {
            LogTrackRefused(protocol, remote.ToString(), StreamName!, sentence);
        }
    }

    async ValueTask EndPublication(PublishEnd end)
    {
        if (_publication is not { } publication)
        {
            return;
        }

        (_publication, _toFrames) = (null, null);
        await _endedByCluster.DisposeAsync();
        await publication.End(end);
    }

    // A close with unread bytes would reset the connection, and the encoder would never read why: so what it still sends is read and
    // dropped.
    async Task SayFarewell(RtmpSession session)
    {
        if (session.End is not (RtmpEnd.PublishRefused or RtmpEnd.PlayRefused))
        {
            return;
        }

        await transport.Output.FlushAsync(CancellationToken.None);
        await EndPublication(EndOf(Close));
        using var patience = new CancellationTokenSource(options.FarewellTimeout, time);
        try
        {
            for (var more = true; more;)
            {
                var read = await transport.Input.ReadAsync(patience.Token);
                transport.Input.AdvanceTo(read.Buffer.End);
                more = !read.IsCompleted;
            }
        }
        catch (OperationCanceledException)
        {
            // Long enough.
        }
    }

    bool End(RtmpClose close, string why)
    {
        (Close, Why) = (close, why);
        return true;
    }

    static PublishEnd EndOf(RtmpClose close) => close switch
    {
        RtmpClose.IdleTimeout => PublishEnd.Silent,
        RtmpClose.NodeStopping => PublishEnd.NodeStopping,
        RtmpClose.Unpublished => PublishEnd.Unpublished,
        _ => PublishEnd.ConnectionLost,
    };

    // What an encoder calls itself, as far as a log line can bear it.
    static string Shown(string name) => name.Length == 0
        ? "an encoder without a name"
        : new([.. name.Take(64).Select(static letter => char.IsControl(letter) ? '?' : letter)]);

    [LoggerMessage(LogLevel.Information, "{Protocol} {Remote} publishes '{Stream}' slot {Slot} with {Encoder}")]
    partial void LogPublishing(string protocol, string remote, string stream, int slot, string encoder);

    [LoggerMessage(LogLevel.Warning, "{Protocol} {Remote} '{Stream}': {Sentence}")]
    partial void LogTrackRefused(string protocol, string remote, string stream, string sentence);
}
