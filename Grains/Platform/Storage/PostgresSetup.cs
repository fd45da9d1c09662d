using System.Reflection;
using Npgsql;

namespace Tributary.Grains.Platform.Storage;

/// <summary>
/// Brings the platform's tables to the state that this version of the product needs: the scripts of deploy/postgres that are the platform's run once each,
/// in their order, and one process at a time. Each remembers itself in the table TributaryMigrations.
/// </summary>
static class PostgresSetup
{
    /// <summary>Any number that nobody else locks in this database.</summary>
    const long LockNumber = 0x5472_6962;

    static readonly string[] Scripts = ["6-platform"];

    /// <summary>Whether every script has run. Asked without the lock, for which all processes of a cluster would queue at each start.</summary>
    public static async Task<bool> IsDone(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("SELECT count(*) FROM TributaryMigrations WHERE Name = ANY($1)");
        command.Parameters.Add(new NpgsqlParameter { Value = Scripts });
        try
        {
            return await command.ExecuteScalarAsync() is long known && known == Scripts.Length;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return false;   // a new database
        }
    }

    /// <summary>Keeps other processes out until what is returned is disposed.</summary>
    public static async Task<IAsyncDisposable> Begin(NpgsqlDataSource database)
    {
        var connection = await database.OpenConnectionAsync();
        try
        {
            await Run(connection, null, $"SELECT pg_advisory_lock({LockNumber})");
            foreach (var script in Scripts)
            {
                await RunOnce(connection, script);
            }

            return new Locked(connection);
        }
        catch
        {
            await new Locked(connection).DisposeAsync();
            throw;
        }
    }

    static async Task RunOnce(NpgsqlConnection connection, string script)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        var isKnown = await Run(connection, transaction, "SELECT to_regclass('tributarymigrations')::text") is string
            && await Run(connection, transaction, $"SELECT Name FROM TributaryMigrations WHERE Name = '{script}'") is string;
        if (!isKnown)
        {
            await Run(connection, transaction, TextOf(script));
        }

        await transaction.CommitAsync();
    }

    static async Task<object?> Run(NpgsqlConnection connection, NpgsqlTransaction? transaction, string text)
    {
        await using var command = new NpgsqlCommand(text, connection, transaction);
        return await command.ExecuteScalarAsync();
    }

    static string TextOf(string script)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Platform/{script}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // Its connection goes back to the pool only without the lock.
    sealed class Locked(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await Run(connection, null, $"SELECT pg_advisory_unlock({LockNumber})");
            }
            catch (NpgsqlException)
            {
                // The connection broke, and the lock with it.
            }

            await connection.DisposeAsync();
        }
    }
}
