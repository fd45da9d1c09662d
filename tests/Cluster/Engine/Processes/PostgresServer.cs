using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Npgsql;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>A PostgreSQL server of the test's own in a temporary folder, with the tables of deploy/postgres. It ends with the test, however that ends.</summary>
sealed class PostgresServer : IAsyncDisposable
{
    readonly string _bin;
    readonly string _folder;
    Process? _server;

    PostgresServer(string bin, string address)
    {
        (_bin, Address) = (bin, address);
        _folder = Directory.CreateTempSubdirectory("tributary-postgres-").FullName;
        Port = FreePorts.Next();
    }

    public int Port { get; }

    /// <summary>The address that it listens on, besides that of this machine itself.</summary>
    public string Address { get; }

    public string ConnectionString => $"Host={Address};Port={Port};Username=tributary;Database=postgres";

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Missing => Bin() is null ? "PostgreSQL is not installed"
        : Environment.UserName == "root" && !File.Exists("/usr/sbin/runuser") ? "PostgreSQL does not run as root, and there is no runuser" : null;

    public static async Task<PostgresServer> Start(string address = "127.0.0.1")
    {
        var server = new PostgresServer(Bin()!, address);
        await Run("chmod", "777", server._folder);
        await Run("sh", "-c", server.AsUser($"'{server._bin}/initdb' -D '{server._folder}/data' -A trust -U tributary --no-sync --no-instructions > '{server._folder}/initdb.log'"));
        await File.AppendAllTextAsync($"{server._folder}/hba", $"host all all {address}/16 trust\n");
        await Run("sh", "-c", $"cat '{server._folder}/hba' >> '{server._folder}/data/pg_hba.conf'");
        await server.Begin();
        await server.MakeTables();
        return server;
    }

    /// <summary>Starts the server (again).</summary>
    public async Task Begin()
    {
        // The shell ends the server when its input ends, that is with this process.
        var command = $"'{_bin}/postgres' -D '{_folder}/data' -p {Port} -c listen_addresses=127.0.0.1,{Address} -c unix_socket_directories='{_folder}' -c fsync=off "
            + $"-c max_connections=200 >> '{_folder}/server.log' 2>&1 & server=$!; read nothing; kill -QUIT $server; wait $server";
        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(AsUser(command));
        _server = Process.Start(start)!;
        await Eventually.Succeeds(TimeSpan.FromSeconds(20), async () =>
        {
            await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false");
            await using var command = source.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync();
        });
    }

    /// <summary>Ends the server at once, as if it crashed.</summary>
    public async Task Stop()
    {
        if (_server is { } server)
        {
            _server = null;
            server.StandardInput.Close();
            await server.WaitForExitAsync();
            server.Dispose();
        }
    }

    /// <summary>As <c>kill -9</c> of every process of the server.</summary>
    public async Task Kill()
    {
        Signal("KILL");
        await Stop();
    }

    /// <summary>Sends a signal to every process of the server.</summary>
    public void Signal(string signal)
    {
        if (!File.Exists($"{_folder}/data/postmaster.pid"))
        {
            return;   // it does not run
        }

        var postmaster = File.ReadLines($"{_folder}/data/postmaster.pid").First();
        // A process that ended on its own meanwhile is no error.
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", .. ChildrenOf(postmaster), postmaster]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    /// <summary>Records every write of a grain's state from now on: who wrote which version, and who held the grain in the directory then, under which epoch.</summary>
    public Task RecordHistory() => Scalar("""
        CREATE TABLE History (N bigserial PRIMARY KEY, Grain varchar, Version integer, Writer varchar, Holder varchar, Epoch bigint);
        CREATE FUNCTION record_history() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO History (Grain, Version, Writer, Holder, Epoch)
            SELECT NEW.GrainIdExtensionString, NEW.Version, current_setting('application_name'), member.SiloName, held.Epoch
            FROM (SELECT 1) AS one
            LEFT JOIN TributaryActivations AS held ON held.GrainId = 'counter/' || NEW.GrainIdExtensionString
            LEFT JOIN OrleansMembershipTable AS member ON member.Address = held.Address AND member.Port = held.Port AND member.Generation = held.Generation;
            RETURN NEW;
        END $$;
        CREATE TRIGGER history AFTER INSERT OR UPDATE ON OrleansStorage FOR EACH ROW EXECUTE FUNCTION record_history();
        """);

    /// <summary>The recorded writes in their order.</summary>
    public async Task<IReadOnlyList<Write>> History()
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false");
        await using var command = source.CreateCommand("SELECT Grain, Version, Writer, Holder, Epoch FROM History ORDER BY N");
        await using var reader = await command.ExecuteReaderAsync();
        var writes = new List<Write>();
        while (await reader.ReadAsync())
        {
            writes.Add(new Write(reader.GetString(0), reader.GetInt32(1), reader.GetString(2), await reader.IsDBNullAsync(3) ? null : reader.GetString(3), await reader.IsDBNullAsync(4) ? null : reader.GetInt64(4)));
        }

        return writes;
    }

    /// <summary>Whether a new connection is answered.</summary>
    public async Task<bool> Answers()
    {
        try
        {
            await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false;Timeout=3;Command Timeout=3");
            await using var command = source.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync();
            return true;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    public async Task<object?> Scalar(string text)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false");
        await using var command = source.CreateCommand(text);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        await Run("rm", "-rf", _folder);
    }

    async Task MakeTables()
    {
        var repository = typeof(PostgresServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Repository").Value!;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(repository, "deploy/postgres"), "*.sql").Order(StringComparer.Ordinal))
        {
            await Run(Path.Combine(_bin, "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-1", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture),
                "-U", "tributary", "-d", "postgres", "-f", file);
        }
    }

    string AsUser(string command) => Environment.UserName == "root" ? $"cd '{_folder}' && exec runuser -u postgres -- sh -c \"{command.Replace("$", "\\$", StringComparison.Ordinal)}\"" : command;

    static IEnumerable<string> ChildrenOf(string process) => Directory.EnumerateDirectories("/proc").Where(folder =>
    {
        try
        {
            // proc(5): the parent's id is the second field after the name in parentheses.
            return int.TryParse(Path.GetFileName(folder), out _) && File.ReadAllText($"{folder}/stat").Split(") ")[^1].Split(' ')[1] == process;
        }
        catch (IOException)
        {
            return false;
        }
    }).Select(folder => Path.GetFileName(folder));

    static string? Bin() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "bin"))
            .LastOrDefault(d => File.Exists(Path.Combine(d, "postgres")) && File.Exists(Path.Combine(d, "initdb")))
        : null;

    static async Task Run(string file, params string[] arguments)
    {
        using var process = Process.Start(file, arguments);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}

/// <summary>One write of a grain's state.</summary>
sealed record Write(string Grain, int Version, string Writer, string? Holder, long? Epoch);

/// <summary>Tries until it works or the time is over.</summary>
static class Eventually
{
    public static async Task Succeeds(TimeSpan within, Func<Task> action)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (Exception) when (watch.Elapsed < within)
            {
                await Task.Delay(20);
            }
        }
    }

    public static Task IsTrue(TimeSpan within, Func<Task<bool>> condition) => Succeeds(within, async () => Assert.True(await condition()));
}
