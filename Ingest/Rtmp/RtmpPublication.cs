using Tributary.Grains.LiveStreams;
using Tributary.Ingest.Publishing;
using Tributary.Media.Frames;

namespace Tributary.Ingest.Rtmp;

/// <summary>What a connection knows of its publish session.</summary>
/// <param name="Sink">Takes its frames.</param>
/// <param name="EndedBy">Why the cluster wants the session gone, once it does.</param>
/// <param name="End">Ends the session.</param>
/// <param name="Ended">Cancelled when the cluster wants the session gone.</param>
/// <param name="RoundTrip">Is told how long a ping to the encoder and back took.</param>
sealed record RtmpPublication(IFrameSink Sink, Func<PublishEnd?> EndedBy, Func<PublishEnd, ValueTask> End, CancellationToken Ended, Action<TimeSpan>? RoundTrip = null);

/// <summary>A publication, with a sentence where there is something to know; or the one that refuses it, and where to go instead where that is known.</summary>
readonly record struct RtmpAnswer(RtmpPublication? Publication, string Sentence, string Redirect);

/// <summary>Admits an encoder, or refuses it.</summary>
delegate ValueTask<RtmpAnswer> RtmpAdmission(PublishTarget target, CancellationToken cancellation);

static class RtmpAdmissions
{
    public static RtmpAdmission By(Publisher publisher) => async (target, cancellation) =>
    {
        var result = await publisher.PublishAsync(target, cancellation);
        return result.Session is { } session
            ? new RtmpAnswer(new RtmpPublication(session, () => session.EndedBy, session.EndAsync, session.Ended, session.OnRoundTrip), result.Sentence, "")
            : new RtmpAnswer(null, result.Sentence, result.Redirect);
    };
}
