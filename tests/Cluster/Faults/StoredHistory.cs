using System.Globalization;
using Npgsql;
using Tributary.Cluster.Engine.Processes;

namespace Tributary.Cluster.Faults;

/// <summary>One write of a stream's state, as PostgreSQL committed it.</summary>
/// <param name="Writer">The process that wrote, and which of its lives.</param>
/// <param name="Session">The publisher that holds the lease; empty where none does.</param>
sealed record StoredLease(long Order, string Writer, int Version, long Epoch, long ReservedMsn, long DiscontinuitySequence, string Session);

/// <summary>
/// Every state of every grain that was ever written, kept by a trigger of the database: what a process did cannot be hidden by what it says.
/// </summary>
sealed class StoredHistory(PostgresServer database)
{
    const string Trigger = """
        CREATE TABLE StateHistory (Ordered bigserial PRIMARY KEY, Writer text, Grain text, Version integer, State jsonb);
        CREATE FUNCTION note_state() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO StateHistory (Writer, Grain, Version, State)
            VALUES (current_setting('application_name'), NEW.GrainTypeString || '/' || NEW.GrainIdExtensionString, NEW.Version, convert_from(NEW.PayloadBinary, 'UTF8')::jsonb);
            RETURN NULL;
        END $$;
        CREATE TRIGGER note_state AFTER INSERT OR UPDATE ON OrleansStorage FOR EACH ROW EXECUTE FUNCTION note_state();
        """;

    public async Task Begin() => await database.Scalar(Trigger);

    /// <summary>All writes of a stream's state, in order. (The embedded engine's rows have the grain's type besides the state's name, those of Microsoft Orleans lack what is 0.)</summary>
    public async Task<IReadOnlyList<StoredLease>> Of(string stream)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString + ";Pooling=false");
        await using var command = source.CreateCommand("""
            SELECT Ordered, Writer, Version, coalesce(State->>'Epoch', '0')::bigint, coalesce(State->>'ReservedMsn', '0')::bigint,
                coalesce(State->>'DiscontinuitySequence', '0')::bigint, coalesce(State->'OnAir'->>'Session', '')
            FROM StateHistory WHERE Grain IN ('live-stream,live-stream/' || $1, 'live-stream/' || $1) ORDER BY Ordered
            """);
        command.Parameters.AddWithValue(stream);
        await using var row = await command.ExecuteReaderAsync();
        var writes = new List<StoredLease>();
        while (await row.ReadAsync())
        {
            writes.Add(new StoredLease(row.GetInt64(0), row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetString(6)));
        }

        return writes;
    }

    /// <summary>
    /// One owner at a time: versions follow one another, epochs and discontinuities never fall, an epoch has one holder, and a process that
    /// another one followed as writer writes no more.
    /// </summary>
    public async Task<string> HoldsOneOwner(string stream)
    {
        var writes = await Of(stream);
        Assert.NotEmpty(writes);
        foreach (var (earlier, later) in writes.Zip(writes.Skip(1)))
        {
            Assert.True(later.Version == earlier.Version + 1, $"a write was based on an old one: {earlier} then {later}");
            Assert.True(later.Epoch >= earlier.Epoch, $"the epoch fell: {earlier} then {later}");
            Assert.True(later.DiscontinuitySequence >= earlier.DiscontinuitySequence, $"discontinuities fell: {earlier} then {later}");
        }

        Assert.All(writes.Where(write => write.Session.Length > 0).GroupBy(write => write.Epoch), epoch =>
            Assert.True(epoch.Select(write => write.Session).Distinct().Count() == 1, $"epoch {epoch.Key} has two holders: {string.Join(", ", epoch)}"));
        var turns = writes.Where((write, index) => index == 0 || writes[index - 1].Writer != write.Writer).Select(write => write.Writer).ToArray();
        Assert.True(turns.Distinct().Count() == turns.Length, $"an owner that was replaced wrote again: {string.Join(", ", turns)}");
        return string.Create(CultureInfo.InvariantCulture, $"{writes.Count} writes, epochs {writes[0].Epoch} to {writes[^1].Epoch}, owners {string.Join(" then ", turns)}");
    }
}
