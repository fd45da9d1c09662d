using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>
/// The other load generator: N viewers of one stream over HTTP-FLV or RTMP, who throw away what they get. All but a few receive into the same memory, so
/// that the load costs as little as it can; those few look for the stamps in the pictures.
/// </summary>
sealed class ViewLoad
{
    const int Watching = 10;

    static readonly byte[] Scratch = GC.AllocateUninitializedArray<byte>(256 * 1024, pinned: true);

    readonly List<double> _firstBytes = [], _joins = [];
    readonly List<double> _delays = [], _keyDelays = [];
    long _bytes;
    int _ended;

    /// <summary><c>view flv|rtmp PORT NAME COUNT</c>, until its standard input ends: a line of JSON for each line that it reads.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (port, count) = (int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[4], CultureInfo.InvariantCulture));
        var load = new ViewLoad();
        for (var i = 0; i < count; i++)
        {
            var started = Stopwatch.GetTimestamp();
            if (i < Watching)
            {
                var sees = new TaskCompletionSource();
                _ = load.Watch(await ViewerSocket.Open(args[1], port, args[3], "", bytes => load.Look(bytes.Span, long.MaxValue, sees)), sees);
                await sees.Task;
                load._joins.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                continue;
            }

            var socket = await ViewerSocket.Open(args[1], port, args[3]);
            Interlocked.Add(ref load._bytes, await socket.ReceiveAsync(Scratch.AsMemory()));
            load._firstBytes.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            _ = load.Drain(socket);
        }

        Console.WriteLine("viewing");
        while (await Console.In.ReadLineAsync() is not null)
        {
            Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(load.Read()));
        }

        return 0;
    }

    async Task Drain(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(Scratch.AsMemory()) is > 0 and var read)
            {
                Interlocked.Add(ref _bytes, read);
            }
        }
        catch (SocketException)
        {
            // It ended, as it is counted.
        }

        Interlocked.Increment(ref _ended);
    }

    // A stamp may come in two pieces: what is left of one goes before the next.
    async Task Watch(Socket socket, TaskCompletionSource seesKeyFrame)
    {
        var (buffer, kept, since) = (new byte[256 * 1024], 0, Stopwatch.GetTimestamp());
        while (await socket.ReceiveAsync(buffer.AsMemory(kept)) is > 0 and var read)
        {
            Interlocked.Add(ref _bytes, read);
            var left = Look(buffer.AsSpan(0, kept + read), since, seesKeyFrame);
            var tail = buffer.AsSpan(kept + read - Math.Min(left, FrameStamp.MarkLength - 1), Math.Min(left, FrameStamp.MarkLength - 1));
            tail.CopyTo(buffer);
            kept = tail.Length;
        }

        Interlocked.Increment(ref _ended);
        seesKeyFrame.TrySetException(new IOException("the stream ended"));
    }

    // Counts what was sent after the viewer came; returns how many bytes lie behind the last stamp.
    int Look(ReadOnlySpan<byte> bytes, long since, TaskCompletionSource seesKeyFrame)
    {
        var now = Stopwatch.GetTimestamp();
        while (FrameStamp.TryFind(ref bytes, out var isKey, out var sentAt))
        {
            if (isKey)
            {
                seesKeyFrame.TrySetResult();
            }

            if (sentAt > since)
            {
                lock (_delays)
                {
                    var delay = Stopwatch.GetElapsedTime(sentAt, now).TotalMilliseconds;
                    _delays.Add(delay);
                    if (isKey)
                    {
                        _keyDelays.Add(delay);
                    }
                }
            }
        }

        return bytes.Length;
    }

    ViewFigures Read()
    {
        lock (_delays)
        {
            var figures = new ViewFigures(
                Interlocked.Read(ref _bytes), _ended, Of(_firstBytes, 50), Of(_firstBytes, 99), Of(_joins, 50), Of(_delays, 50), Of(_delays, 99), Of(_keyDelays, 50), Of(_keyDelays, 99));
            _delays.Clear();
            _keyDelays.Clear();
            return figures;
        }
    }

    static double Of(List<double> values, int percent)
    {
        values.Sort();
        return values.Count == 0 ? 0 : Math.Round(values[(values.Count - 1) * percent / 100], 1);
    }

    /// <summary>Such a process, and what it says.</summary>
    public sealed class Viewers : IDisposable
    {
        readonly Process _process;

        Viewers(Process process) => _process = process;

        public ProcessUsage Usage => ProcessUsage.Of(_process.Id);

        public static async Task<Viewers> Start(string protocol, int port, string name, int count)
        {
            var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(ViewLoad).Assembly.Location, "view", protocol, $"{port}", name, $"{count}"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            var viewers = new Viewers(process);
            return await process.StandardOutput.ReadLineAsync() == "viewing" ? viewers : throw new InvalidOperationException("the viewers could not join");
        }

        public async Task<ViewFigures> Read()
        {
            await _process.StandardInput.WriteLineAsync();
            return System.Text.Json.JsonSerializer.Deserialize<ViewFigures>((await _process.StandardOutput.ReadLineAsync())!)!;
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}

/// <summary>What the viewers had so far, in milliseconds where it is time; delays are of what was sent since the figures before.</summary>
/// <param name="Bytes">Bytes that all have.</param>
/// <param name="Ended">Viewers that lost their connection.</param>
/// <param name="FirstByte50">Half's time from connecting to the first bytes of the stream.</param>
/// <param name="FirstByte99">The same of 99 in 100.</param>
/// <param name="Join50">From connecting to the first key frame.</param>
/// <param name="Delay50">From the sending of a picture by its encoder to its coming.</param>
/// <param name="Delay99">The same of 99 in 100.</param>
/// <param name="KeyDelay50">Of key frames.</param>
/// <param name="KeyDelay99">The same of 99 in 100.</param>
sealed record ViewFigures(
    long Bytes, int Ended, double FirstByte50, double FirstByte99, double Join50, double Delay50, double Delay99, double KeyDelay50, double KeyDelay99);
