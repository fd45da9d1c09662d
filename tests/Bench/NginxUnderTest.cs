using System.Diagnostics;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

/// <summary>nginx with its RTMP module as Debian ships it, in a process of its own, beside ours on the same load.</summary>
sealed class NginxUnderTest : IAsyncDisposable
{
    const string Module = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tributary-bench-nginx-");
    Process _process = null!;

    public static bool IsInstalled => File.Exists(Module);

    public int RtmpPort { get; } = FreePorts.Next();

    public ProcessUsage Usage => ProcessUsage.Of(_process.Id);

    /// <summary>One process with an application <c>live</c>; its output as HLS goes to its own folder.</summary>
    public static async Task<NginxUnderTest> Start(bool hls)
    {
        var nginx = new NginxUnderTest();
        var configuration = Path.Combine(nginx._folder.FullName, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            load_module {{Module}};
            daemon off;
            master_process off;
            pid {{nginx._folder}}/pid;
            error_log {{nginx._folder}}/error.log;
            events { worker_connections 4096; }
            rtmp { server { listen 127.0.0.1:{{nginx.RtmpPort}}; chunk_size 65536; application live { live on; {{(hls ? $"hls on; hls_path {nginx._folder}/hls; hls_fragment 2s;" : "")}} } } }
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
