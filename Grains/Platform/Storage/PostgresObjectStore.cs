using Npgsql;

namespace Tributary.Grains.Platform.Storage;

/// <summary>The objects of a cluster: rows of the table TributaryObjects (deploy/postgres), each a JSON document with a version.</summary>
public sealed class PostgresObjectStore(string connectionString) : IObjectStore, IAsyncDisposable
{
    readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(connectionString);

    public Task<bool> IsSetUp() => PostgresSetup.IsDone(_database);

    public Task<IAsyncDisposable> BeginSetup() => PostgresSetup.Begin(_database);

    public async ValueTask<StoredObject?> Read(string kind, string id)
    {
        await using var command = _database.CreateCommand("SELECT Id, Partner, Version, Value::text FROM TributaryObjects WHERE Kind = $1 AND Id = $2");
        command.Parameters.Add(new NpgsqlParameter { Value = kind });
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? Row(kind, reader) : null;
    }

    public async Task<bool> Write(StoredObject stored)
    {
        await using var command = _database.CreateCommand(stored.Version == 0
            ? "INSERT INTO TributaryObjects (Kind, Id, Partner, Version, Value) VALUES ($1, $2, $3, $4 + 1, $5::jsonb) ON CONFLICT DO NOTHING"
            : "UPDATE TributaryObjects SET Partner = $3, Version = $4 + 1, Value = $5::jsonb WHERE Kind = $1 AND Id = $2 AND Version = $4");
        foreach (var value in (object[])[stored.Kind, stored.Id, stored.Partner, stored.Version, ObjectJson.Write(stored.Value)])
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return await command.ExecuteNonQueryAsync() == 1;
    }

    public async Task Remove(string kind, string id)
    {
        await using var command = _database.CreateCommand("DELETE FROM TributaryObjects WHERE Kind = $1 AND Id = $2");
        command.Parameters.Add(new NpgsqlParameter { Value = kind });
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        await command.ExecuteNonQueryAsync();
    }

    public async Task<ObjectPage> Find(ObjectQuery query)
    {
        await using var command = _database.CreateCommand();
        PostgresQuery.Fill(command, query);
        var (objects, total) = (new List<StoredObject>(), 0L);
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                objects.Add(Row(query.Kind, reader));
                total = reader.GetInt64(4);
            }
        }

        return objects.Count == 0 && query.Skip > 0
            ? new ObjectPage((await Find(query with { Skip = 0, Take = 1 })).Total, objects)   // a page behind the last one
            : new ObjectPage(total, objects);
    }

    public async Task<long> Number(string kind)
    {
        await using var command = _database.CreateCommand(
            "INSERT INTO TributaryNumbers (Kind, Last) VALUES ($1, 101) ON CONFLICT (Kind) DO UPDATE SET Last = TributaryNumbers.Last + 1 RETURNING Last");
        command.Parameters.Add(new NpgsqlParameter { Value = kind });
        return (long)(await command.ExecuteScalarAsync() ?? throw new InvalidOperationException("The database gave no number."));
    }

    static StoredObject Row(string kind, NpgsqlDataReader reader) =>
        new(kind, reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2), ObjectJson.Read(reader.GetString(3)));

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
