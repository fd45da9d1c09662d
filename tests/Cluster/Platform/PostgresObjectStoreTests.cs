using Npgsql;
using Tributary.Cluster.Engine.Processes;
using Tributary.Grains.Platform.Model;
using Tributary.Grains.Platform.Storage;
using Tributary.Unit.Platform;

namespace Tributary.Cluster.Platform;

/// <summary>The store of a cluster, on a PostgreSQL of the tests' own: each test has a database of its own there.</summary>
public sealed class PostgresObjectStoreTests(PostgresObjectStoreTests.Server server) : ObjectStoreContract, IClassFixture<PostgresObjectStoreTests.Server>
{
    public sealed class Server : IAsyncLifetime
    {
        PostgresServer? _server;
        int _databases;

        public async Task InitializeAsync() => _server = PostgresServer.Missing is null ? await PostgresServer.Start() : null;

        public async Task DisposeAsync()
        {
            if (_server is not null)
            {
                await _server.DisposeAsync();
            }
        }

        public async Task<string> NewDatabase()
        {
            Skip.If(_server is null, PostgresServer.Missing);
            var name = $"objects{Interlocked.Increment(ref _databases)}";
            await _server!.Scalar($"CREATE DATABASE {name}");
            return new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = name, MaxPoolSize = 20 }.ConnectionString;
        }
    }

    protected override async Task<IObjectStore> Open() => await Open(await server.NewDatabase());

    // As a process of a cluster opens it at its start.
    static async Task<PostgresObjectStore> Open(string database)
    {
        var store = new PostgresObjectStore(database);
        await (await store.BeginSetup()).DisposeAsync();
        return store;
    }

    [SkippableFact]
    public async Task Processes_that_start_together_make_the_tables_once_and_set_up_one_after_the_other()
    {
        var database = await server.NewDatabase();
        var (inside, most, strangers) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            await using var store = new PostgresObjectStore(database);
            Interlocked.Add(ref strangers, await store.IsSetUp() ? 0 : 1);
            await using (await store.BeginSetup())
            {
                most = Math.Max(most, Interlocked.Increment(ref inside));
                await store.Change("partner", "100", value => (value["n"] = value.Long("n") + 1) is not null);
                await store.Write(new StoredObject("partner", "100", 100, 0, new PlatformObject("Partner") { { "id", 100L }, { "n", 1L } }));
                Interlocked.Decrement(ref inside);
            }
        })));
        await using var after = await Open(database);
        Assert.True(strangers > 0);   // those that looked before the first was done
        Assert.True(await after.IsSetUp());
        Assert.Equal((1, 6), (most, (await after.Read("partner", "100"))!.Value.Long("n")));
    }

    [SkippableFact]
    public async Task Two_processes_that_change_the_same_objects_lose_nothing()
    {
        var database = await server.NewDatabase();
        await using var one = await Open(database);
        await using var other = await Open(database);
        await one.Write(new StoredObject("entry", "a", 102, 0, new PlatformObject("MediaEntry") { { "id", "a" }, { "n", 0L } }));
        var made = await Task.WhenAll(Enumerable.Range(0, 200).Select(at => Task.Run(async () =>
        {
            var store = at % 2 == 0 ? one : other;
            await store.Change("entry", "a", value => (value["n"] = value.Long("n") + 1) is not null);
            return await store.Write(new StoredObject("user", $"u{at / 2}", 102, 0, new PlatformObject("User") { { "id", $"u{at / 2}" }, { "by", (long)(at % 2) } }));
        })));
        Assert.Equal(200, (await other.Read("entry", "a"))!.Value.Long("n"));
        Assert.Equal(201, (await one.Read("entry", "a"))!.Version);
        Assert.Equal(100, made.Count(isMine => isMine));
        Assert.Equal(100, (await other.Find(new ObjectQuery("user") { Take = 1 })).Total);
        var numbers = await Task.WhenAll(Enumerable.Range(0, 100).Select(at => (at % 2 == 0 ? one : other).Number("category")));
        Assert.Equal(100, numbers.Distinct().Count());
    }

    // The script of the first version, which knew neither migrations nor which expressions its indexes need.
    [SkippableFact]
    public async Task A_database_of_an_older_version_is_brought_up_with_what_it_holds()
    {
        var database = await server.NewDatabase();
        await Run(database, """
            CREATE TABLE TributaryObjects (Kind varchar(64) NOT NULL, Id varchar(256) NOT NULL, Partner integer NOT NULL, Version bigint NOT NULL, Value jsonb NOT NULL,
                Search tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(Value->>'name', ''))) STORED, CONSTRAINT PK_TributaryObjects PRIMARY KEY (Kind, Id));
            CREATE INDEX IX_TributaryObjects_Entry ON TributaryObjects (Kind, (Value->>'entryId')) WHERE Value ? 'entryId';
            CREATE TABLE TributaryNumbers (Kind varchar(64) NOT NULL PRIMARY KEY, Last bigint NOT NULL);
            INSERT INTO TributaryNumbers VALUES ('user', 150);
            INSERT INTO TributaryObjects (Kind, Id, Partner, Version, Value) VALUES ('entry', 'a', 102, 7, '{"objectType":"MediaEntry","id":"a","name":"clip.mp4","createdAt":1}');
            """);
        await using var store = await Open(database);
        Assert.Equal(7, (await store.Read("entry", "a"))!.Version);
        Assert.Equal("a", await FilterSamples.Find(store, "freeText", "clip"));
        Assert.Equal(151, await store.Number("user"));
        Assert.Equal(1L, await Run(database, "SELECT count(*) FROM TributaryMigrations"));
        await using var again = await Open(database);
        Assert.Equal(1, (await again.Find(new ObjectQuery("entry"))).Total);
    }

    [SkippableFact]
    public async Task What_is_asked_all_the_time_is_answered_by_an_index()
    {
        var database = await server.NewDatabase();
        await using var store = await Open(database);
        await Run(database, """
            INSERT INTO TributaryObjects (Kind, Id, Partner, Version, Value)
                SELECT kind, n::text, 102, 1, jsonb_build_object('objectType', 'X', 'id', n::text, 'entryId', '0_' || n, 'hostName', 'h' || n, '_expiresAt', n, 'status', 1, 'name', 'name ' || n)
                FROM generate_series(1, 5000) AS n, (VALUES ('entry'), ('asset'), ('entryServerNode'), ('serverNode')) AS kinds (kind);
            ANALYZE TributaryObjects;
            """);
        async Task<string> Plan(string kind, Condition where)
        {
            await using var source = NpgsqlDataSource.Create(database + ";Pooling=false");
            await using var command = source.CreateCommand();
            PostgresQuery.Fill(command, new ObjectQuery(kind) { Where = where });
            command.CommandText = "EXPLAIN " + command.CommandText;
            await using var reader = await command.ExecuteReaderAsync();
            var lines = new List<string>();
            while (await reader.ReadAsync())
            {
                lines.Add(reader.GetString(0));
            }

            return string.Join('\n', lines);
        }

        Assert.Contains("ix_tributaryobjects_entry", await Plan("asset", Test.Equal("entryId", "0_77")), StringComparison.Ordinal);
        Assert.Contains("ix_tributaryobjects_host", await Plan("serverNode", Test.Equal("hostName", "h77")), StringComparison.Ordinal);
        Assert.Contains("ix_tributaryobjects_expiry", await Plan("entryServerNode", new Test("_expiresAt", TestKind.AtMost, "3")), StringComparison.Ordinal);
        Assert.Contains("ix_tributaryobjects_search", await Plan("entry", new FreeText("77")), StringComparison.Ordinal);
        Assert.Contains("pk_tributaryobjects", await Plan("entry", new Test("id", TestKind.In, "77", "78")), StringComparison.Ordinal);
    }

    static async Task<object?> Run(string database, string text)
    {
        await using var source = NpgsqlDataSource.Create(database + ";Pooling=false");
        await using var command = source.CreateCommand(text);
        return await command.ExecuteScalarAsync();
    }
}
