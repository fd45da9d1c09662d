using Tributary.Media.Frames;

namespace Tributary.Grains.Frames.Links;

/// <summary>One stream that comes over a link into this host's channel.</summary>
sealed class LinkFeed(string stream, int subscription, FrameChannels channels, FrameArena arena, Action? onFirstFrame)
{
    readonly List<MarkedFrame> _read = [];
    readonly Dictionary<int, long> _last90k = [];
    readonly HashSet<int> _resuming = [];
    readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    LinkReader _reader = new(arena);
    StreamSignal _signal;
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    object? _asked;
    Action? _onFirstFrame = onFirstFrame;
    int _consumed;

    public string Stream => stream;

    public int Subscription => subscription;

    /// <summary>Completes when the source that comes this way has ended: it said so, or its connection is broken.</summary>
    public Task Ended => _ended.Task;

    public void End() => _ended.TrySetResult();

    /// <summary>Completes when the window of the other host was handed on, or when there is none to come.</summary>
    public Task CaughtUp => _caughtUp.Task;

    /// <summary>Whether this connection has not been asked yet; if so, from which segment on.</summary>
    public bool TryAsk(object connection, out long fromMsn)
    {
        fromMsn = Math.Max(channels.Open(stream).NewestMsn - 1, 0);   // late audio of the segment before may be missing as well
        if (ReferenceEquals(_asked, connection))
        {
            return false;
        }

        _asked = connection;
        _reader = new LinkReader(arena);
        _resuming.UnionWith(_last90k.Keys);
        return true;
    }

    /// <summary>Nothing comes this way any more.</summary>
    public void LetGo() => _caughtUp.TrySetResult();

    public LinkReadResult Take(in LinkMessage message)
    {
        if (message.Type is LinkMessageType.CaughtUp or LinkMessageType.Refused)
        {
            Publish();
            _caughtUp.TrySetResult();
        }

        if (message.Type == LinkMessageType.CaughtUp)
        {
            return LinkReadResult.Prepared;
        }

        var result = _reader.Read(message, out var frame, out var signal);
        if (result == LinkReadResult.Batch && signal != StreamSignal.None)
        {
            Publish();
            _signal = signal;
            Publish();
        }
        else if (result == LinkReadResult.Batch)
        {
            _consumed += frame.Frame.Data.Length;
            Keep(frame);
        }

        return result;
    }

    // After a break the segment that was open comes again from its start: what we have of it is left out, per track.
    void Keep(in MarkedFrame marked)
    {
        var (track, dts90k) = (marked.Frame.Track.Id, marked.Frame.Dts90k);
        if (_resuming.Contains(track))
        {
            if (dts90k <= _last90k[track])
            {
                marked.Frame.Data.Release();
                return;
            }

            _resuming.Remove(track);
        }

        _last90k[track] = dts90k;
        _read.Add(marked);
    }

    /// <summary>Hands on what was read.</summary>
    public void Publish()
    {
        if (_read.Count == 0 && _signal == StreamSignal.None)
        {
            return;
        }

        if (_read.Count > 0 && _onFirstFrame is { } first)
        {
            _onFirstFrame = null;
            first();
        }

        var batch = new FrameBatch(_read.ToArray(), _signal);
        while (!channels.Open(stream).TryPublish(batch))
        {
            // Given up in this moment: another channel takes its place.
        }

        _read.ForEach(static frame => frame.Frame.Data.Release());
        _read.Clear();
        if (_signal != StreamSignal.None)
        {
            End();
        }

        _signal = StreamSignal.None;
    }

    /// <summary>Bytes that were consumed and not yet granted anew, once they are at least <paramref name="least"/>; else 0.</summary>
    public int TakeCredit(int least)
    {
        if (_consumed < least)
        {
            return 0;
        }

        var bytes = _consumed;
        _consumed = 0;
        return bytes;
    }
}
