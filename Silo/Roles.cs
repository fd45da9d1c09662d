namespace Tributary.Silo;

/// <summary>Which roles a process can have, and what they need.</summary>
static class Roles
{
    /// <summary>What is wrong with the configured roles, in a sentence; null where nothing is.</summary>
    public static string? Problem(ServerOptions options)
    {
        var unknown = options.Node.RolesOrDefault.FirstOrDefault(role => !NodeOptions.All.Contains(role, StringComparer.OrdinalIgnoreCase));
        if (unknown is not null)
        {
            return $"Configuration: Node:Roles: '{unknown}' is no role. Known: {string.Join(", ", NodeOptions.All)}.";
        }

        if (options.Http.PublicUrl.Length > 0 && (!Uri.TryCreate(options.Http.PublicUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")))
        {
            return "Configuration: Http:PublicUrl is an http or https address, or empty.";
        }

        if (options.Node.DrainDeadline <= TimeSpan.Zero)
        {
            return "Configuration: Node:DrainDeadline must be positive.";
        }

        return !options.Node.Is("silo") && options.Cluster.Database.Length == 0
            ? "Configuration: a process without the role silo needs Cluster:Database, where it finds the silos."
            : options.Cluster.Database.Length > 0 && options.Cluster.Secret.Length < 16
                ? "Configuration: a cluster needs Cluster:Secret, at least 16 characters that all its processes know."
                : null;
    }
}
