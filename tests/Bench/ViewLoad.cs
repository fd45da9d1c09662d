using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Bench;

/// <summary>
/// The other load generator: N viewers of one stream over HTTP-FLV or RTMP, who throw away what they get. All of them receive into the same memory, so that
/// the load costs as little as it can.
/// </summary>
sealed class ViewLoad
{
    static readonly byte[] Scratch = GC.AllocateUninitializedArray<byte>(256 * 1024, pinned: true);

    readonly List<double> _joins = [];
    long _bytes;
    int _ended;

    /// <summary><c>view flv|rtmp PORT NAME COUNT</c>, until its standard input ends: a line for each line that it reads, with bytes so far, viewers whose connection ended, and how long they took to join.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (port, count) = (int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[4], CultureInfo.InvariantCulture));
        var load = new ViewLoad();
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var started = Stopwatch.GetTimestamp();
            await socket.ConnectAsync("127.0.0.1", port);
            await (args[1] == "flv" ? AskForFlv(socket, port, args[3]) : AskForRtmp(socket, port, args[3]));
            load._bytes += await socket.ReceiveAsync(Scratch.AsMemory());
            load._joins.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            _ = load.Drain(socket);
        }

        Console.WriteLine("viewing");
        load._joins.Sort();
        while (await Console.In.ReadLineAsync() is not null)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Interlocked.Read(ref load._bytes)} {load._ended} {load._joins[count / 2]:0.0} {load._joins[count * 99 / 100]:0.0}"));
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

    static async Task AskForFlv(Socket socket, int port, string name) =>
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /live/{name}.flv HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"));

    static async Task AskForRtmp(Socket socket, int port, string name)
    {
        var output = new ArrayBufferWriter<byte>(16 * 1024);
        var client = new RtmpPlayClient(output, new FrameArena(FramePool.Shared),
            new RtmpClientOptions { App = "live", TcUrl = $"rtmp://127.0.0.1:{port}/live", StreamName = name }, new Random(1));
        client.Start();
        var (received, pending) = (new byte[256 * 1024], 0);
        while (client.State is not (RtmpClientState.OnAir or RtmpClientState.Ended))
        {
            await socket.SendAsync(output.WrittenMemory);
            output.ResetWrittenCount();
            var read = await socket.ReceiveAsync(received.AsMemory(pending));
            var buffer = new ReadOnlySequence<byte>(received, 0, pending + read);
            while (client.TryRead(ref buffer, out var message))
            {
                message.Payload.Release();
            }

            if (read == 0)
            {
                break;
            }

            pending = (int)buffer.Length;
            buffer.CopyTo(received);
        }

        if (client.State != RtmpClientState.OnAir)
        {
            throw new InvalidOperationException($"{name} does not play: {client.Refusal} {client.End}");
        }
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

        /// <summary>Bytes that all have so far, viewers that lost their connection, and the half's and the 99th of a hundred's time to the first byte in milliseconds.</summary>
        public async Task<(long Bytes, int Ended, double Join50, double Join99)> Read()
        {
            await _process.StandardInput.WriteLineAsync();
            var words = (await _process.StandardOutput.ReadLineAsync())!.Split(' ');
            return (long.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture),
                double.Parse(words[2], CultureInfo.InvariantCulture), double.Parse(words[3], CultureInfo.InvariantCulture));
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
