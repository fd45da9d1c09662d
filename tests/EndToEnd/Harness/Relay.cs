namespace Tributary.EndToEnd.Harness;

/// <summary>Somebody else's server that streams are pulled from: nginx with its RTMP module, on loopback.</summary>
sealed class Relay : IAsyncDisposable
{
    readonly ChildProcess _server;
    readonly int _port;

    Relay(ChildProcess server, int port) => (_server, _port) = (server, port);

    public static async Task<Relay> Start()
    {
        Tools.Require("nginx", "ffmpeg", "/usr/lib/nginx/modules/ngx_rtmp_module.so");
        var (port, folder) = (FreePorts.Next(), Repository.Folder($"relay-{Guid.NewGuid().ToString("N")[..6]}"));
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log info;
            events { worker_connections 64; }
            rtmp { server { listen 127.0.0.1:{{port}}; application live { live on; } } }
            """);
        var relay = new Relay(ChildProcess.Start("nginx", ["-p", folder, "-c", configuration]), port);
        await Eventually.IsTrue("nginx listens", TimeSpan.FromSeconds(10), async () =>
        {
            using var socket = new System.Net.Sockets.TcpClient();
            await socket.ConnectAsync("127.0.0.1", port).ContinueWith(_ => { }, TaskScheduler.Default);
            return socket.Connected;
        });
        return relay;
    }

    public string Url(string stream) => $"rtmp://127.0.0.1:{_port}/live/{stream}";

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
