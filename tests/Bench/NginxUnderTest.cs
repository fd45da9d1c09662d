using System.Diagnostics;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>nginx as Debian ships it, in a process of its own, beside ours on the same load: with its RTMP module, or with the files of a folder.</summary>
sealed class NginxUnderTest : IAsyncDisposable
{
    const string Module = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tributary-bench-nginx-");
    Process _process = null!;

    public static bool IsInstalled => File.Exists(Module);

    public static bool ServesFiles => File.Exists("/usr/sbin/nginx");

    public int RtmpPort { get; } = FreePorts.Next();

    public int HttpPort { get; } = FreePorts.Next();

    public ProcessUsage Usage => ProcessUsage.Of(_process.Id);

    /// <summary>One process with an application <c>live</c>; its output as HLS goes to its own folder.</summary>
    public static Task<NginxUnderTest> Start(bool hls) => Start(
        $"load_module {Module};",
        nginx => $"rtmp {{ server {{ listen 127.0.0.1:{nginx.RtmpPort}; chunk_size 65536; application live {{ live on; {(hls ? $"hls on; hls_path {nginx._folder}/hls; hls_fragment 2s;" : "")} }} }} }}");

    /// <summary>One process that answers with the files of a folder: read and written, as a packager has to, not sent by the kernel alone (sendfile is off by default).</summary>
    public static Task<NginxUnderTest> Start(string files) => Start(
        "",
        nginx => $"http {{ access_log off; keepalive_requests 1000000; server {{ listen 127.0.0.1:{nginx.HttpPort}; root \"{files}\"; }} }}");

    static async Task<NginxUnderTest> Start(string first, Func<NginxUnderTest, string> servers)
    {
        var nginx = new NginxUnderTest();
        var configuration = Path.Combine(nginx._folder.FullName, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            {{first}}
            daemon off;
            master_process off;
            pid {{nginx._folder}}/pid;
            error_log {{nginx._folder}}/error.log;
            events { worker_connections 4096; }
            {{servers(nginx)}}
            """);
        nginx._process = Process.Start("nginx", ["-p", nginx._folder.FullName, "-c", configuration]);
        await Task.Delay(500);
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
