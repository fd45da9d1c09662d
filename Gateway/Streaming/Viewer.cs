using System.Collections.Concurrent;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>Why a long-lived viewer ended.</summary>
public enum ViewerEnd : byte
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>It left.</summary>
    Left,

    /// <summary>The stream went off air.</summary>
    OffAir,

    /// <summary>It was dropped to a key frame too often, or took nothing for too long.</summary>
    TooSlow,

    /// <summary>It broke the protocol.</summary>
    Protocol,

    /// <summary>The gateway stops.</summary>
    Stopping,

    /// <summary>The time for which it was let in is over.</summary>
    Expired,

    /// <summary>The gateway drains; it had its last whole picture and can go on at another.</summary>
    Moved,
}

/// <summary>
/// Someone who watches: where in the stream it is, and what lies between it and the next frame. Everything but the public methods belongs to its
/// writer loop.
/// </summary>
sealed class Viewer(IViewerOutput output, IViewerFraming framing)
{
    readonly ConcurrentQueue<byte[]> _said = new();
    readonly TaskCompletionSource<ViewerEnd> _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    WriterLoop? _loop;
    int _end;

    public IViewerOutput Output => output;

    public IViewerFraming Framing => framing;

    /// <summary>Completes when no thread touches the output any more.</summary>
    public Task<ViewerEnd> Gone => _gone.Task;

    /// <summary>Bytes sent.</summary>
    public long Sent { get; set; }

    public ViewerEnd Ended => (ViewerEnd)Volatile.Read(ref _end);

    /// <summary>Ends it; the first reason counts.</summary>
    public void End(ViewerEnd reason)
    {
        if (Interlocked.CompareExchange(ref _end, (int)reason, (int)ViewerEnd.None) == (int)ViewerEnd.None)
        {
            Volatile.Read(ref _loop)?.Wake();
        }
    }

    /// <summary>Sends bytes of the protocol itself, between two frames.</summary>
    public void Say(byte[] bytes)
    {
        _said.Enqueue(bytes);
        Volatile.Read(ref _loop)?.Wake();
    }

    // --- The loop's own.

    /// <summary>Where it is in the stream.</summary>
    public ViewerPosition Position = ViewerPosition.Start;

    /// <summary>Bytes of its own that go before the rest of a frame, and that rest: references of its own.</summary>
    public FrameData Own, Rest;

    public bool HasSaid => !_said.IsEmpty;

    /// <summary>Whether it is ended before its next key frame.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>Whether its socket took less than was there, since <see cref="BlockedAt"/>; tried again at <see cref="RetryAt"/>, in ticks of the loop.</summary>
    public bool IsBlocked { get; set; }

    public long BlockedAt { get; set; }

    public long RetryAt { get; set; }

    public long RetryAfter { get; set; }

    public int Drops { get; set; }

    public long DropsSince { get; set; }

    public void Attach(WriterLoop loop) => Volatile.Write(ref _loop, loop);

    public bool TryTakeSaid(out byte[]? bytes) => _said.TryDequeue(out bytes);

    public void LetGo()
    {
        Own.Release();
        Rest.Release();
        (Own, Rest) = (default, default);
        _gone.TrySetResult(Ended);
    }
}

/// <summary>Where a viewer is in a stream, and on its own clock.</summary>
struct ViewerPosition
{
    /// <summary>Number of the next frame; -1 while it waits for a place to begin.</summary>
    public long Next;

    /// <summary>The stream's time at which its own clock began; -1 before.</summary>
    public long Base;

    /// <summary>Numbers of the last frames that it got, and their times on its own clock; -1 for none.</summary>
    public long LastVideo, LastAudio, LastVideoTime, LastAudioTime;

    public static ViewerPosition Start => new() { Next = -1, Base = -1, LastVideo = -1, LastAudio = -1, LastVideoTime = -1, LastAudioTime = -1 };
}
