using Microsoft.Extensions.Logging;
using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
using Tributary.Protocols.Flv;
using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Rtmp;

// What wants to publish is admitted; what it sends is counted.
sealed partial class RtmpConnection
{
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

    // What an encoder calls itself, as far as a log line can bear it.
    static string Shown(string name) => name.Length == 0
        ? "an encoder without a name"
        : new([.. name.Take(64).Select(static letter => char.IsControl(letter) ? '?' : letter)]);

    [LoggerMessage(LogLevel.Information, "{Protocol} {Remote} publishes '{Stream}' slot {Slot} with {Encoder}")]
    partial void LogPublishing(string protocol, string remote, string stream, int slot, string encoder);

    [LoggerMessage(LogLevel.Warning, "{Protocol} {Remote} '{Stream}': {Sentence}")]
    partial void LogTrackRefused(string protocol, string remote, string stream, string sentence);
}
