using System.Security.Cryptography;
using Tributary.Grains.Access;

namespace Tributary.Silo;

/// <summary>
/// The secret of viewers' tickets, the same at every gateway and after a restart: configured, or the cluster's, or, on a single node, a random one in the
/// data folder that nobody else can read.
/// </summary>
static class TicketSecret
{
    const int Length = 32;

    public static string For(AccessOptions access, ServerOptions server, string data) =>
        access.Sessions.TicketSecret.Length > 0 ? access.Sessions.TicketSecret
        : server.Cluster.Secret.Length > 0 ? server.Cluster.Secret
        : Kept(Path.Combine(data, "tickets.key"));

    static string Kept(string path)
    {
        if (File.Exists(path) && File.ReadAllText(path) is { Length: >= 2 * Length } known)
        {
            return known;
        }

        var made = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length));
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(made);
        return made;
    }
}
