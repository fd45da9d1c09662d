using System.Data.Common;

namespace Orleans.Configuration;

/// <summary>The database that holds the membership of the cluster, for silos.</summary>
public class AdoNetClusteringSiloOptions
{
    public string? ConnectionString { get; set; }

    /// <summary>Used instead of the connection string; whoever made it disposes of it.</summary>
    public DbDataSource? DataSource { get; set; }

    /// <summary>The embedded engine knows <c>Npgsql</c>.</summary>
    public string Invariant { get; set; } = null!;
}

/// <summary>The database that holds the membership of the cluster, for clients.</summary>
public class AdoNetClusteringClientOptions
{
    public string? ConnectionString { get; set; }

    /// <summary>Used instead of the connection string; whoever made it disposes of it.</summary>
    public DbDataSource? DataSource { get; set; }

    /// <summary>The embedded engine knows <c>Npgsql</c>.</summary>
    public string Invariant { get; set; } = null!;
}
