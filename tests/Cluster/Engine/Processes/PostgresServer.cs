using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Npgsql;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>A PostgreSQL server of the test's own in a temporary folder, with the tables of deploy/postgres. It ends with the test, however that ends.</summary>
sealed class PostgresServer : IAsyncDisposable
{
    readonly string _bin;
    readonly string _folder;
    Process? _server;

    PostgresServer(string bin)
    {
        _bin = bin;
        _folder = Directory.CreateTempSubdirectory("tributary-postgres-").FullName;
        Port = FreePort();
    }

    public int Port { get; }

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=tributary;Database=postgres";

    /// <summary>Why there can be none here; null when there can.</summary>
    public static string? Missing => Bin() is null ? "PostgreSQL is not installed"
        : Environment.UserName == "root" && !File.Exists("/usr/sbin/runuser") ? "PostgreSQL does not run as root, and there is no runuser" : null;

    public static async Task<PostgresServer> Start()
    {
        var server = new PostgresServer(Bin()!);
        await Run("chmod", "777", server._folder);
        await Run("sh", "-c", server.AsUser($"'{server._bin}/initdb' -D '{server._folder}/data' -A trust -U tributary --no-sync --no-instructions > '{server._folder}/initdb.log'"));
        await server.Begin();
        await server.MakeTables();
        return server;
    }

    /// <summary>Starts the server (again).</summary>
    public async Task Begin()
    {
        // The shell ends the server when its input ends, that is with this process.
        var command = $"'{_bin}/postgres' -D '{_folder}/data' -p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{_folder}' -c fsync=off "
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

    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
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
