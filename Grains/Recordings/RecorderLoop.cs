using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.Recordings;

/// <summary>The threads on which recorders write: a disk that is slow holds up these, and no request, no frame and no grain.</summary>
public sealed class RecorderLoop : IDisposable
{
    readonly BlockingCollection<Recorder> _ready = [];
    readonly Thread[] _threads;

    public RecorderLoop(IOptions<RecordingOptions> options)
    {
        _threads = [.. Enumerable.Range(0, options.Value.Threads).Select(number => new Thread(Run) { IsBackground = true, Name = $"recorder {number}" })];
        Array.ForEach(_threads, static thread => thread.Start());
    }

    /// <summary>The recorder has something to do. It is in the queue once at most.</summary>
    internal void Wake(Recorder recorder)
    {
        if (recorder.TryQueue())
        {
            try
            {
                _ready.Add(recorder);
            }
            catch (InvalidOperationException)
            {
                // The process ends.
            }
        }
    }

    public void Dispose() => _ready.CompleteAdding();

    void Run()
    {
        // A part is gathered here before it is written: one buffer per thread, however many streams.
        var buffer = new PartBuffer();
        foreach (var recorder in _ready.GetConsumingEnumerable())
        {
            try
            {
                recorder.Work(buffer);
            }
            catch (Exception exception)   // whatever one stream comes to, the others are written
            {
                recorder.Fail(exception);
            }
        }
    }
}

/// <summary>The bytes of one part in one piece.</summary>
sealed class PartBuffer
{
    byte[] _bytes = new byte[1 << 20];

    public ReadOnlySpan<byte> Gather(Media.Packaging.Live.SegmentBody body)
    {
        if (body.Length > _bytes.Length)
        {
            _bytes = new byte[body.Length + body.Length / 2];
        }

        var length = 0;
        foreach (var piece in body)
        {
            piece.Span.CopyTo(_bytes.AsSpan(length));
            length += piece.Length;
        }

        return _bytes.AsSpan(0, length);
    }
}
