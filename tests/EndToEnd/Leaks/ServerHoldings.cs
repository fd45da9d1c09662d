using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Leaks;

/// <summary>What a server process holds at one moment, after a collection of all its garbage.</summary>
/// <param name="HeapBytes">Bytes that live objects take.</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Threads">Threads other than those of the pool.</param>
/// <param name="Timers">Timers that are running.</param>
/// <param name="Activations">Grains that are active.</param>
sealed record ServerHoldings(long HeapBytes, int Handles, int Threads, int Timers, int Activations)
{
    // GCHeapCollect of the provider Microsoft-Windows-DotNETRuntime: a full, blocking collection when a session with it begins.
    const ulong CollectHeap = 0x800000;
    const byte EventPipe = 2, CollectTracing2 = 3;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The gauges that must be at zero when nobody publishes or watches.</summary>
    static readonly string[] Living =
    [
        "tributary_streaming_viewers", "tributary_gateway_windows", "tributary_gateway_waiting", "tributary_publish_sessions", "tributary_ingest_connections",
        "tributary_access_sessions_remembered", "tributary_frames_memory_bytes",
    ];

    public static async Task<ServerHoldings> Of(int pid, HttpClient http)
    {
        await Collect(pid, http);
        await Collect(pid, http);   // what finalizers let go of
        var metrics = await Read(http);
        return new(
            (long)(Sum(metrics, "dotnet_gc_last_collection_heap_size_bytes") - Sum(metrics, "dotnet_gc_last_collection_heap_fragmentation_size_bytes")),
            Directory.GetFiles($"/proc/{pid}/fd").Length,
            Directory.GetDirectories($"/proc/{pid}/task").Length - (int)Sum(metrics, "dotnet_thread_pool_thread_count"),
            (int)Sum(metrics, "dotnet_timer_count"),
            (int)Sum(metrics, "orleans_catalog_activations"));
    }

    /// <summary>The gauges of what lives that are not at zero; empty when all is over.</summary>
    public static async Task<string> StillThere(HttpClient http)
    {
        var metrics = await Read(http);
        return string.Join(", ", Living.Where(name => Sum(metrics, name) != 0).Select(name => $"{name} {Sum(metrics, name)}"));
    }

    // The runtime's diagnostic port (dotnet/diagnostics, "ipc-protocol"): a session begins, which collects, and ends with the connection.
    static async Task Collect(int pid, HttpClient http)
    {
        var before = Sum(await Read(http), Gen2);
        // The newest: a process that was killed may have had the same number, and left its own.
        var port = Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{pid}-*-socket").MaxBy(File.GetLastWriteTimeUtc)!;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(port));
        await socket.SendAsync(SessionRequest());
        await socket.ReceiveAsync(new byte[20]);
        await Eventually.IsTrue("the server collects its garbage", Patience, async () => Sum(await Read(http), Gen2) > before);
    }

    const string Gen2 = "dotnet_gc_collections_total{gc_heap_generation=\"gen2\"}";

    static byte[] SessionRequest()
    {
        using var payload = new MemoryStream();
        using var writer = new BinaryWriter(payload);
        writer.Write(1u);    // buffer, MB
        writer.Write(1u);    // format: nettrace
        writer.Write(false);   // no rundown
        writer.Write(1u);    // providers
        writer.Write(CollectHeap);
        writer.Write(4u);    // informational
        Write(writer, "Microsoft-Windows-DotNETRuntime");
        Write(writer, "");
        var message = new byte[20 + payload.Length];
        Encoding.ASCII.GetBytes("DOTNET_IPC_V1\0", message);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        (message[16], message[17]) = (EventPipe, CollectTracing2);
        payload.ToArray().CopyTo(message, 20);
        return message;
    }

    // UTF-16 with a length that counts the terminator.
    static void Write(BinaryWriter writer, string text)
    {
        writer.Write((uint)text.Length + 1);
        writer.Write(Encoding.Unicode.GetBytes(text + '\0'));
    }

    static async Task<(string Name, double Value)[]> Read(HttpClient http) =>
    [
        .. (await http.GetStringAsync("/metrics")).Split('\n').Where(static line => line.Length > 0 && line[0] != '#')
            .Select(static line => (line[..line.LastIndexOf(' ')], double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture))),
    ];

    // All series of a metric, or the one that is named with its labels.
    static double Sum((string Name, double Value)[] metrics, string name) =>
        metrics.Where(metric => metric.Name == name || metric.Name.StartsWith(name + "{", StringComparison.Ordinal)).Sum(static metric => metric.Value);
}
