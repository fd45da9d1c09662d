using System.Net.Sockets;
using Tributary.Gateway.Live;

namespace Tributary.Gateway.Health;

/// <summary>One thing that must be right before this process takes traffic. Hosts register theirs as singletons.</summary>
/// <param name="Name">Short, for the list.</param>
/// <param name="Check">Null when all is well, else one sentence that says what is not.</param>
public sealed record ReadinessCheck(string Name, Func<CancellationToken, Task<string?>> Check)
{
    /// <summary>Grains answer.</summary>
    public static ReadinessCheck Grains(StreamDirectory directory) => new("grains", async _ =>
    {
        try
        {
            await directory.List();
            return null;
        }
        catch (StreamDirectoryException exception)
        {
            return exception.InnerException?.Message ?? exception.Message;
        }
    });

    /// <summary>A file can be written to a folder.</summary>
    public static ReadinessCheck Writable(string name, string folder) => new(name, async cancellation =>
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".ready-{Environment.ProcessId}");
            await File.WriteAllBytesAsync(probe, [1], cancellation);
            File.Delete(probe);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    });

    /// <summary>Something listens on a port of this machine.</summary>
    public static ReadinessCheck Listening(string name, int port) => new(name, async cancellation =>
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, cancellation);
            return null;
        }
        catch (SocketException exception)
        {
            return $"Nothing listens on port {port}: {exception.SocketErrorCode}.";
        }
    });
}
