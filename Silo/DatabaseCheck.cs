using System.Data.Common;
using Npgsql;
using Tributary.Gateway.Health;

namespace Tributary.Silo;

/// <summary>
/// Whether PostgreSQL answers. Without it the process is degraded, not unready: streams that run go on, and traffic that is sent away from every
/// node of the cluster at once has nowhere to go.
/// </summary>
static class DatabaseCheck
{
    const int PatienceSeconds = 2;

    public static ReadinessCheck Of(string connectionString)
    {
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            Timeout = PatienceSeconds,
            CommandTimeout = PatienceSeconds,
            MaxPoolSize = 2,
        });
        return new ReadinessCheck("database", async cancellation =>
        {
            try
            {
                await using var command = source.CreateCommand("SELECT 1");
                await command.ExecuteScalarAsync(cancellation);
                return null;
            }
            catch (Exception exception) when (exception is DbException or TimeoutException)
            {
                return $"PostgreSQL does not answer ({exception.Message}); what runs goes on.";
            }
        })
        { OnlyDegrades = true };
    }
}
