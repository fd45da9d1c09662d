using Tributary.EndToEnd.Harness;

namespace Tributary.Cluster.Faults;

/// <summary>Somebody else's server that streams are pulled from: nginx with its RTMP module, and ffmpeg publishing to it.</summary>
sealed class NginxRelay : IAsyncDisposable
{
    /// <summary>What the server is asked with; nobody but the server may see it.</summary>
    public const string Token = "S3CRETTOKEN";

    readonly ChildProcess _server;
    readonly ChildProcess _encoder;

    NginxRelay(ChildProcess server, ChildProcess encoder, string source) => (_server, _encoder, Source) = (server, encoder, source);

    /// <summary>Where to pull from, with the token.</summary>
    public string Source { get; }

    public static async Task<NginxRelay> Start(ServerCluster cluster)
    {
        Tools.Require("nginx", "ffmpeg", "/usr/lib/nginx/modules/ngx_rtmp_module.so");
        var place = cluster.Network is null ? NetworkPlace.Loopback : await cluster.Network.Place();
        var (port, folder) = (FreePorts.Next(), Repository.Folder($"relay-{Guid.NewGuid().ToString("N")[..6]}"));
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log info;
            events { worker_connections 64; }
            rtmp { server { listen {{place.Address}}:{{port}}; application live { live on; } } }
            """);
        string[] command = [.. place.Prefix, "nginx", "-p", folder, "-c", configuration];
        var server = ChildProcess.Start(command[0], command[1..]);
        await Eventually.IsTrue("nginx listens", TimeSpan.FromSeconds(10), async () =>
        {
            using var socket = new System.Net.Sockets.TcpClient();
            await socket.ConnectAsync(place.Address, port).ContinueWith(_ => { }, TaskScheduler.Default);
            return socket.Connected;
        });
        var encoder = Ffmpeg.Publish(await SourceMedia.Long, $"rtmp://{place.Address}:{port}/live/camera");
        return new NginxRelay(server, encoder, $"rtmp://{place.Address}:{port}/live/camera?token={Token}");
    }

    public async ValueTask DisposeAsync()
    {
        await _encoder.DisposeAsync();
        await _server.DisposeAsync();
    }
}
