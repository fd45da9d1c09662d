using System.Collections.Concurrent;
using System.Diagnostics;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// A thread that writes to many viewers of any number of streams. It sleeps until frames have been gathered for the merge time, until a viewer whose
/// socket was full is tried again, or until somebody comes, goes or says something.
/// </summary>
sealed class WriterLoop : IDisposable
{
    static readonly FramePool OwnBytes = new(slabSize: 16 * 1024);

    readonly StreamingOptions _options;
    readonly StreamingMetrics _metrics;
    readonly ConcurrentQueue<(Viewer Viewer, MuxedStream Stream)> _coming = new();
    readonly List<ViewerGroup> _groups = [];
    readonly AutoResetEvent _wake = new(initialState: false);
    readonly Thread _thread;
    int _viewers, _looks, _leave;
    volatile bool _stopping;

    public WriterLoop(int number, StreamingOptions options, StreamingMetrics metrics)
    {
        (_options, _metrics) = (options, metrics);
        _thread = new Thread(Run) { IsBackground = true, Name = $"viewers {number}" };
        _thread.Start();
    }

    /// <summary>What goes to one viewer; the loop's own.</summary>
    public SendBatch Batch { get; } = new();

    /// <summary>Memory for bytes that one viewer alone gets; the loop's own.</summary>
    public FrameArena Arena { get; } = new(OwnBytes);

    /// <summary>Viewers that were given to it and are not gone.</summary>
    public int Viewers => Volatile.Read(ref _viewers);

    /// <summary>The loop's clock: ms.</summary>
    public static long Now => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000);

    /// <summary>Takes over a viewer. Any thread.</summary>
    public void Add(Viewer viewer, MuxedStream stream)
    {
        Interlocked.Increment(ref _viewers);
        viewer.Attach(this);
        _coming.Enqueue((viewer, stream));
        Wake();
    }

    /// <summary>Somebody ended, or has something to say. Any thread.</summary>
    public void Wake()
    {
        Volatile.Write(ref _looks, 1);
        _wake.Set();
    }

    public void WakeForFrames() => _wake.Set();

    /// <summary>The gateway drains: ends all who are here now, each before its next key frame, or at once. Any thread.</summary>
    public void Leave(bool atOnce)
    {
        Volatile.Write(ref _leave, atOnce ? 2 : 1);
        Wake();
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join(TimeSpan.FromSeconds(5));
        }

        // The event is left to the collector: whoever ends a viewer late may still set it.
    }

    void Run()
    {
        while (!_stopping)
        {
            var wait = Turn(Now) - Now;
            if (wait > 0)
            {
                _wake.WaitOne((int)Math.Min(wait, int.MaxValue));
            }
        }

        foreach (var group in _groups)
        {
            group.Stop();
        }

        while (_coming.TryDequeue(out var one))
        {
            one.Viewer.End(ViewerEnd.Stopping);
            one.Viewer.LetGo();
        }

        Arena.Dispose();
    }

    // Returns when to come again.
    long Turn(long now)
    {
        if (Interlocked.Exchange(ref _looks, 0) != 0)
        {
            TakeThoseWhoCame();
            _groups.ForEach(static group => group.Look());
            if (Interlocked.Exchange(ref _leave, 0) is > 0 and var leave)
            {
                _groups.ForEach(group => group.Leave(atOnce: leave == 2));
            }
        }

        var next = long.MaxValue;
        for (var i = _groups.Count - 1; i >= 0; i--)
        {
            var group = _groups[i];
            var before = group.Count;
            next = Math.Min(next, group.Turn(now));
            Interlocked.Add(ref _viewers, group.Count - before);
            if (group.Count == 0)
            {
                group.Stream.RemoveReader(group);
                _groups.RemoveAt(i);
            }
        }

        return next;
    }

    void TakeThoseWhoCame()
    {
        while (_coming.TryDequeue(out var one))
        {
            var group = _groups.Find(group => group.Stream == one.Stream);
            if (group is null)
            {
                _groups.Add(group = new ViewerGroup(one.Stream, this, _options, _metrics));
                one.Stream.AddReader(group);
            }

            group.Add(one.Viewer);
        }
    }
}
