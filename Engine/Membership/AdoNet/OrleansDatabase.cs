using System.Data;
using System.Data.Common;
using Npgsql;

namespace Orleans.Runtime;

/// <summary>
/// A PostgreSQL database with the tables of Orleans' scripts. The statements are those that the database itself names in its table OrleansQuery, so whatever
/// stands behind them there is used.
/// </summary>
sealed class OrleansDatabase(DbDataSource source)
{
    // A statement is short; a server that does not answer for this long is away.
    const int CommandTimeoutSeconds = 5;
    Task<Dictionary<string, string>>? _queries;

    public static OrleansDatabase Of(string what, string? connectionString, DbDataSource? source, string? invariant)
    {
        if (invariant != "Npgsql")
        {
            throw new OrleansConfigurationException($"{what}: the invariant \"{invariant}\" is not known to the embedded engine; it is Npgsql.");
        }

        if (string.IsNullOrWhiteSpace(connectionString) == (source is null))
        {
            throw new OrleansConfigurationException($"{what}: give either a ConnectionString or a DataSource.");
        }

        return new OrleansDatabase(source ?? NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Timeout = 3 }));
    }

    /// <summary>Runs the statement of that key and reads all rows of its result.</summary>
    public async Task<List<T>> Query<T>(string key, Func<DbDataReader, T> row, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var queries = await Queries(cancellationToken);
        return queries.TryGetValue(key, out var text) ? await Run(text, row, cancellationToken, parameters)
            : throw new OrleansConfigurationException($"The table OrleansQuery has no {key}: run the scripts for PostgreSQL.");
    }

    /// <summary>Runs a statement and reads all rows of its result.</summary>
    public async Task<List<T>> Run<T>(string text, Func<DbDataReader, T> row, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        await using var command = source.CreateCommand(text);
        command.CommandTimeout = CommandTimeoutSeconds;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.DbType = TypeOf(name, value);
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(row(reader));
        }

        return rows;
    }

    // The values that may be missing: the version of a state, the suspicions of a silo, bytes.
    static DbType TypeOf(string name, object? value) => value switch
    {
        int => DbType.Int32,
        long => DbType.Int64,
        byte[] => DbType.Binary,
        DateTime => DbType.DateTime,
        null when name == "GrainStateVersion" => DbType.Int32,
        null when name == "PayloadBinary" => DbType.Binary,
        _ => DbType.String
    };

    async Task<Dictionary<string, string>> Queries(CancellationToken cancellationToken)
    {
        var queries = _queries;
        if (queries is null or { IsFaulted: true } or { IsCanceled: true })
        {
            _queries = queries = Load();
        }

        return await queries.WaitAsync(cancellationToken);

        async Task<Dictionary<string, string>> Load() =>
            (await Run("SELECT QueryKey, QueryText FROM OrleansQuery", r => (Key: r.GetString(0), Text: r.GetString(1)), CancellationToken.None))
            .ToDictionary(q => q.Key, q => q.Text);
    }
}
