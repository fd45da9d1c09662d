namespace Tributary.Protocols.Rtmp;

/// <summary>The commands of a playing peer (RTMP 1.0 §7.2.2.1). The media itself is the caller's: it goes behind the replies.</summary>
public sealed partial class RtmpSession
{
    RtmpPlayRequest? _askedPlay;
    RtmpPlayRequest? _playing;

    /// <summary>Whether a stream is being played.</summary>
    public bool IsPlaying => _playing is not null;

    /// <summary>Says yes to the last <see cref="RtmpMessageKind.Play"/>; media in chunks of <see cref="RtmpPlayChunks.ChunkSize"/> follows.</summary>
    public void AcceptPlay()
    {
        _playing = _askedPlay ?? throw new InvalidOperationException("Nothing asked to play.");
        _askedPlay = null;
        _replies.PlayStarted(_playing.StreamId, RtmpPlayChunks.ChunkSize);
    }

    /// <summary>
    /// Says no to the last <see cref="RtmpMessageKind.Play"/> with a sentence for people, and ends the session; a redirect goes with it as in
    /// <see cref="RefusePublish"/>.
    /// </summary>
    public void RefusePlay(string code, string sentence, string redirect = "")
    {
        var request = _askedPlay ?? throw new InvalidOperationException("Nothing asked to play.");
        _askedPlay = null;
        _replies.OnStatus(request.StreamId, "error", code, sentence, redirect);
        _end = RtmpEnd.PlayRefused;
    }

    /// <summary>Tells a playing peer that the stream is over, and one that can follow where it goes on: <paramref name="elsewhere"/> is a tcUrl.</summary>
    public void StopPlay(string elsewhere = "")
    {
        if (_playing is { } playing)
        {
            if (elsewhere.Length > 0 && playing.Connect.Reconnects)
            {
                _replies.AskToReconnect(elsewhere);
            }

            _replies.PlayStopped(playing.StreamId);
            _playing = null;
        }
    }

    RtmpMessage OnPlay(RtmpCommand command, uint streamId)
    {
        if (_onAir is not null || _playing is not null)
        {
            return Refuse(RtmpEnd.OutOfOrder);
        }

        _askedPlay = new RtmpPlayRequest(Connect!, command[0].String, streamId);
        return new RtmpMessage(RtmpMessageKind.Play, 0, default, null, _askedPlay);
    }

    RtmpMessage OnStopPlay()
    {
        _playing = null;
        return new RtmpMessage(RtmpMessageKind.EndPlay, 0, default, null);
    }
}
