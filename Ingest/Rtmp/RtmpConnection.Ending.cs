using Tributary.Grains.LiveStreams;
using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Rtmp;

// When it is over, and why.
sealed partial class RtmpConnection
{
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
}
