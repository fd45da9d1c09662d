using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Tributary.Gateway.Live;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Health;

/// <summary>One thing that must be right before this process takes traffic. Hosts register theirs as singletons.</summary>
/// <param name="Name">Short, for the list.</param>
/// <param name="Check">Null when all is well, else one sentence that says what is not.</param>
public sealed record ReadinessCheck(string Name, Func<CancellationToken, Task<string?>> Check)
{
    /// <summary>The process takes traffic all the same, and says that it is degraded.</summary>
    public bool OnlyDegrades { get; init; }

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

    /// <summary>The node is not being emptied.</summary>
    public static ReadinessCheck TakesWork(NodeDrain drain) =>
        new("drain", _ => Task.FromResult(drain.IsDraining ? "This node is draining." : null));

    /// <summary>This process listens on a port. Asks the server, so that no probe looks like an encoder that hangs up.</summary>
    public static ReadinessCheck Listening(string name, int port, IServer server) => new(name, _ =>
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return Task.FromResult(addresses.Any(address => BindingAddress.Parse(address).Port == port) ? null : $"Port {port} is not open.");
    });
}
