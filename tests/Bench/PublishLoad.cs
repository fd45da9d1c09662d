using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Tributary.EndToEnd.Harness;
using Tributary.Media.Frames;
using Tributary.Protocols.Rtmp;

namespace Tributary.Bench;

/// <summary>
/// The load generator: N publishers of one file in real time from one thread. Each message is written once and sent to all, so that the load
/// costs as little as it can; all key frames come at the same moment, which is the worst that can happen to the server.
/// </summary>
sealed class PublishLoad
{
    readonly Socket[] _sockets;
    readonly RtmpPublishClient _writer;
    readonly ArrayBufferWriter<byte> _output;

    PublishLoad(Socket[] sockets, RtmpPublishClient writer, ArrayBufferWriter<byte> output) => (_sockets, _writer, _output) = (sockets, writer, output);

    /// <summary><c>load PORT FILE COUNT PREFIX</c>, until its standard input ends.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (port, count) = (int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture));
        var tags = await FlvFile.Read(args[2]);
        var load = Connect(port, count, args[4]);
        if (load is null)
        {
            return 1;
        }

        using var ending = new CancellationTokenSource();
        _ = Task.Run(() =>
        {
            Console.In.ReadToEnd();
            ending.Cancel();
        });
        Console.WriteLine("publishing");
        load.Play(tags, ending.Token);
        return 0;
    }

    /// <summary>Starts the generator as a process of its own and waits until all of it is on the air.</summary>
    public static async Task<Process> Start(int port, string file, int count, string prefix)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(PublishLoad).Assembly.Location, "load", $"{port}", file, $"{count}", prefix])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return await process.StandardOutput.ReadLineAsync() == "publishing" ? process : throw new InvalidOperationException("the load generator could not publish");
    }

    static PublishLoad? Connect(int port, int count, string prefix)
    {
        var sockets = new Socket[count];
        (RtmpPublishClient Client, ArrayBufferWriter<byte> Output)? last = null;
        for (var i = 0; i < count; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            sockets[i].Connect("127.0.0.1", port);
            var (client, output) = Introduce(sockets[i], port, prefix + i);
            if (client.State != RtmpClientState.OnAir)
            {
                Console.Error.WriteLine($"{prefix}{i}: {client.Refusal} {client.End}");
                return null;
            }

            last = (client, output);
        }

        return last is { } writer ? new PublishLoad(sockets, writer.Client, writer.Output) : null;
    }

    /// <summary>Goes on the air over a connected socket; what the client then writes is in the second value.</summary>
    public static (RtmpPublishClient, ArrayBufferWriter<byte>) Introduce(Socket socket, int port, string stream)
    {
        var output = new ArrayBufferWriter<byte>(64 * 1024);
        var client = new RtmpPublishClient(output, new FrameArena(FramePool.Shared),
            new RtmpClientOptions { App = "live", TcUrl = $"rtmp://127.0.0.1:{port}/live", StreamName = stream }, new Random(1));
        client.Start();
        var (received, pending) = (new byte[16 * 1024], 0);
        while (client.State is not (RtmpClientState.OnAir or RtmpClientState.Ended))
        {
            socket.Send(output.WrittenSpan);
            output.ResetWrittenCount();
            var read = socket.Receive(received.AsSpan(pending));
            var buffer = new ReadOnlySequence<byte>(received, 0, pending + read);
            if (read == 0 || !client.TryRead(ref buffer))
            {
                break;
            }

            pending = (int)buffer.Length;
            buffer.CopyTo(received);
        }

        return (client, output);
    }

    // Turns through the file for ever, each turn's timestamps following the one before.
    void Play(IReadOnlyList<FlvTag> tags, CancellationToken ending)
    {
        var length = tags[^1].Timestamp + 21;
        var started = Stopwatch.GetTimestamp();
        for (uint turn = 0; !ending.IsCancellationRequested; turn++)
        {
            foreach (var tag in tags.Where(tag => turn == 0 || !tag.IsConfiguration))
            {
                var timestamp = turn * length + tag.Timestamp;
                var ahead = TimeSpan.FromMilliseconds(timestamp) - Stopwatch.GetElapsedTime(started);
                if (ahead > TimeSpan.FromMilliseconds(1))
                {
                    Thread.Sleep(ahead);
                }

                if (ending.IsCancellationRequested)
                {
                    return;
                }

                Send(tag, timestamp);
            }
        }
    }

    void Send(FlvTag tag, uint timestamp)
    {
        _output.ResetWrittenCount();
        if (tag is { Type: FlvFile.Video, IsConfiguration: false })
        {
            SendStamped(tag.Body.Span, timestamp);
        }
        else
        {
            Write(_writer, tag, timestamp);
        }

        foreach (var socket in _sockets)
        {
            socket.Send(_output.WrittenSpan);
        }
    }

    // Behind the head of an H.264 tag (Video File Format 10.1, E.4.3.1), before its first unit.
    void SendStamped(ReadOnlySpan<byte> body, uint timestamp)
    {
        Span<byte> head = stackalloc byte[5 + FrameStamp.Length];
        body[..5].CopyTo(head);
        FrameStamp.Write(head[5..], isKey: body[0] >> 4 == 1);
        _writer.SendVideo(timestamp, head, body[5..]);
    }

    public static void Write(RtmpPublishClient client, FlvTag tag, uint timestamp)
    {
        switch (tag.Type)
        {
            case FlvFile.Audio:
                client.SendAudio(timestamp, default, tag.Body.Span);
                break;
            case FlvFile.Video:
                client.SendVideo(timestamp, default, tag.Body.Span);
                break;
            default:
                client.SendData(timestamp, tag.Body.Span);
                break;
        }
    }
}
