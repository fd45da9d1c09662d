using Tributary.Protocols.Amf;

namespace Tributary.Protocols.Rtmp;

/// <summary>The commands of a peer (RTMP 1.0 §7.2) and how they are answered.</summary>
public sealed partial class RtmpSession
{
    int _commands;
    uint _createdStreams;
    RtmpPublishRequest? _asked;
    RtmpPublishRequest? _onAir;

    /// <summary>Whether a publication is on the air.</summary>
    public bool IsPublishing => _onAir is not null;

    // Encoders exist that publish on message stream 0, without createStream, and send their media on 0 or 1.
    bool IsOnAir(uint streamId) => _onAir is { } publish && (publish.StreamId == streamId || publish.StreamId == 0);

    /// <summary>Says yes to the last <see cref="RtmpMessageKind.Publish"/>: media may come from now on. The sentence is for whoever runs the encoder.</summary>
    public void AcceptPublish(string sentence = "Publishing.")
    {
        if (_asked is not { } request)
        {
            throw new InvalidOperationException("Nothing asked to be published.");
        }

        _asked = null;
        _onAir = request;
        (_chunks.MaxMessageBytes, _chunks.MaxPendingBytes) = (limits.MaxMessageBytes, limits.MaxPendingBytes);
        LeaveCommandMemory();
        _replies.PublishStarted(request.StreamId, sentence);
    }

    /// <summary>
    /// Says no to the last <see cref="RtmpMessageKind.Publish"/> with a sentence for whoever runs the encoder, and ends the session. A redirect goes
    /// with it as servers send it with a rejected connect (<c>ex.code</c> 302, <c>ex.redirect</c>); encoders that do not know it see the sentence.
    /// </summary>
    public void RefusePublish(string sentence, string redirect = "")
    {
        if (_asked is not { } request)
        {
            throw new InvalidOperationException("Nothing asked to be published.");
        }

        _asked = null;
        _replies.OnStatus(request.StreamId, "error", "NetStream.Publish.BadName", sentence, redirect);
        _end = RtmpEnd.PublishRefused;
    }

    /// <summary>Takes the publication off the air from this side, with a sentence for the encoder, and ends the session.</summary>
    public void StopPublish(string sentence)
    {
        if (_onAir is { } publish)
        {
            _replies.OnStatus(publish.StreamId, "error", "NetStream.Publish.Denied", sentence);
        }

        _onAir = null;
        _end = RtmpEnd.PublishRefused;
    }

    RtmpMessage OnCommand(in RtmpRawMessage raw)
    {
        if (++_commands > limits.MaxCommands)
        {
            return Refuse(RtmpEnd.TooManyCommands);
        }

        if (!RtmpCommand.TryParse(raw.Type, raw.Payload.Span, limits.Amf, out var command))
        {
            return Refuse(RtmpEnd.BadCommand);
        }

        if (Connect is null && command.Name != "connect")
        {
            return Refuse(RtmpEnd.NotConnected);
        }

        switch (command.Name)
        {
            case "connect":
                return OnConnect(command);
            case "createStream":
                return OnCreateStream(command);
            case "publish":
                return OnPublish(command, raw.StreamId);
            case "deleteStream":
                return OnDelete((uint)Math.Clamp(command[0].Number, 0, uint.MaxValue));
            case "closeStream":
                return OnDelete(raw.StreamId);
            case "FCPublish":
                Answer(command);
                _replies.FcNotice("onFCPublish", "NetStream.Publish.Start", Bare(command[0].String));
                return default;
            case "FCUnpublish":
                Answer(command);
                _replies.FcNotice("onFCUnpublish", "NetStream.Unpublish.Success", Bare(command[0].String));
                return default;
            case "getStreamLength":
                _replies.StreamLength(command.Transaction);
                return default;
            case "releaseStream" or "_checkbw" or "FCSubscribe":
                Answer(command);
                return default;
            case "play" or "play2":
                return OnPlay(command, raw.StreamId);
            case "_result" or "_error" or "onStatus" or "pause" or "seek" or "receiveAudio" or "receiveVideo":
                return default;
            default:
                if (command.Transaction > 0)
                {
                    _replies.Unknown(command.Transaction, command.Name);
                }

                return default;
        }
    }

    RtmpMessage OnConnect(RtmpCommand command)
    {
        if (Connect is not null)
        {
            return Refuse(RtmpEnd.OutOfOrder);
        }

        var given = command.Object;
        var enhanced = given["fourCcList"].Kind == AmfKind.StrictArray || given["videoFourCcInfoMap"].HasProperties
            || given["audioFourCcInfoMap"].HasProperties || given["capsEx"].Kind == AmfKind.Number;
        Connect = new RtmpConnect(given["app"].String, given["tcUrl"].String, given["flashVer"].String, enhanced)
        {
            Reconnects = given["capsEx"].Number is >= 0 and <= int.MaxValue and var capabilities && ((int)capabilities & RtmpReplies.Reconnect) != 0,
        };
        _replies.WindowSizes(limits.WindowBytes, ReplyChunkSize);
        _replies.Connected(command.Transaction, enhanced);
        return default;
    }

    RtmpMessage OnCreateStream(RtmpCommand command)
    {
        if (_createdStreams == limits.MaxMessageStreams)
        {
            return Refuse(RtmpEnd.TooManyMessageStreams);
        }

        _replies.StreamCreated(command.Transaction, ++_createdStreams);
        return default;
    }

    RtmpMessage OnPublish(RtmpCommand command, uint streamId)
    {
        if (_onAir is not null || _playing is not null)
        {
            return Refuse(RtmpEnd.OutOfOrder);
        }

        _asked = new RtmpPublishRequest(Connect!, command[0].String, streamId);
        return new RtmpMessage(RtmpMessageKind.Publish, 0, default, _asked);
    }

    RtmpMessage OnDelete(uint streamId)
    {
        if (_playing?.StreamId == streamId)
        {
            return OnStopPlay();
        }

        if (!IsOnAir(streamId))
        {
            return default;
        }

        _replies.Unpublished(streamId);
        _onAir = null;
        return new RtmpMessage(RtmpMessageKind.EndPublish, 0, default, null);
    }

    void Answer(RtmpCommand command)
    {
        if (command.Transaction > 0)
        {
            _replies.Done(command.Transaction);
        }
    }

    RtmpMessage Refuse(RtmpEnd reason)
    {
        _end = reason;
        return default;
    }

    // A name without its query, which may hold a key.
    static string Bare(string name) => name.IndexOf('?') is var query and >= 0 ? name[..query] : name;
}
