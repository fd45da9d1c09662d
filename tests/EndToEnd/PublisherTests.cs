using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd;

/// <summary>Encoders of other people, each with its own dialect of RTMP.</summary>
public sealed class PublisherTests
{
    static readonly string[] Picture =
        ["videotestsrc", "is-live=true", "!", "video/x-raw,width=320,height=180,framerate=30/1", "!", "x264enc", "key-int-max=30", "bframes=0", "tune=zerolatency",
            "speed-preset=ultrafast", "bitrate=400", "!", "h264parse", "!", "mux."];

    static readonly string[] Tone =
        ["audiotestsrc", "is-live=true", "!", "audio/x-raw,rate=48000,channels=2", "!", "audioconvert", "!", "avenc_aac", "!", "aacparse", "!", "mux."];

    [SkippableFact]
    public async Task GStreamer_rtmp2sink()
    {
        Tools.RequireGStreamer("rtmp2sink", "flvmux", "x264enc", "avenc_aac", "aacparse");
        var server = await SharedServer.Get();
        await using var publisher = ChildProcess.Start(
            "gst-launch-1.0", ["-q", "flvmux", "name=mux", "streamable=true", "!", "rtmp2sink", $"location={server.Rtmp("rtmp2sink")}", .. Picture, .. Tone]);
        await Plays(server, "rtmp2sink", publisher);
    }

    /// <summary>GStreamer's rtmpsink is librtmp, the library of rtmpdump; its URL takes librtmp's options.</summary>
    [SkippableFact]
    public async Task Librtmp()
    {
        Tools.RequireGStreamer("rtmpsink", "flvmux", "x264enc", "avenc_aac", "aacparse");
        var server = await SharedServer.Get();
        await using var publisher = ChildProcess.Start(
            "gst-launch-1.0", ["-q", "flvmux", "name=mux", "streamable=true", "!", "rtmpsink", $"location={server.Rtmp("librtmp")} live=1", .. Picture, .. Tone]);
        await Plays(server, "librtmp", publisher);
    }

    [SkippableFact]
    public async Task Nginx_rtmp_relay()
    {
        Tools.Require("nginx", "ffmpeg", "/usr/lib/nginx/modules/ngx_rtmp_module.so");
        var server = await SharedServer.Get();
        var (port, folder) = (FreePorts.Next(), Repository.Folder("nginx"));
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log info;
            events { worker_connections 64; }
            rtmp {
              server {
                listen 127.0.0.1:{{port}};
                application live { live on; push rtmp://127.0.0.1:{{server.RtmpPort}}/live; }
              }
            }
            """);
        await using var relay = ChildProcess.Start("nginx", ["-p", folder, "-c", configuration]);
        await Eventually.IsTrue("nginx listens", TimeSpan.FromSeconds(10), async () =>
        {
            using var socket = new System.Net.Sockets.TcpClient();
            await socket.ConnectAsync("127.0.0.1", port).ContinueWith(_ => { }, TaskScheduler.Default);
            return socket.Connected;
        });
        await using var publisher = Ffmpeg.Publish(await SourceMedia.Medium, $"rtmp://127.0.0.1:{port}/live/relayed");
        await Plays(server, "relayed", publisher);
    }

    static async Task Plays(ServerProcess server, string stream, ChildProcess publisher)
    {
        try
        {
            await using var client = await StrictHlsClient.Open(server.Http, server.Master(stream));
            await client.UntilSegments(3, TimeSpan.FromSeconds(20));
            client.AssertNothingWrong();
            Assert.Equal(["audio/aac", "video/h264"], await Ffmpeg.Streams(server.Master(stream).ToString()));
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\n{publisher.Output}{publisher.Errors}\n{server.LogTail}", timeout);
        }
    }
}
