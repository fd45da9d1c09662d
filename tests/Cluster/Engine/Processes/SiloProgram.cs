using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Tributary.Cluster.Engine.Processes;

/// <summary>One silo as a process of its own: the test assembly, started as a program. It ends when its standard input does, so it never outlives its test.</summary>
static partial class SiloProgram
{
    /// <summary>Runs the simulation where the arguments ask for it and the build has it: only the embedded engine can be simulated.</summary>
    static partial void Simulate(string[] arguments, ref int? code);

    static async Task<int> Main(string[] arguments)
    {
        int? simulated = null;
        Simulate(arguments, ref simulated);
        if (simulated is { } code)
        {
            return code;
        }

        var began = Age;
        var builder = Host.CreateApplicationBuilder();
        var settings = new ConfigurationBuilder().AddCommandLine(arguments).Build();
        builder.Configuration.AddConfiguration(settings);
        builder.Logging.ClearProviders().AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "HH:mm:ss.fff ", true)).SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning);
        builder.UseOrleans(silo => Configure(silo, settings));
        using var host = builder.Build();
        var built = Age;
        await host.StartAsync();
        Console.WriteLine($"after {began.TotalMilliseconds:0} ms the program began, after {built.TotalMilliseconds:0} ms the host was built, after {Age.TotalMilliseconds:0} ms it was started, {Process.GetCurrentProcess().TotalProcessorTime.TotalMilliseconds:0} ms of CPU");
        Console.WriteLine("ready");
        var stopped = new TaskCompletionSource();
        host.Services.GetService<IHostApplicationLifetime>().ApplicationStopping.Register(() => stopped.TrySetResult());
        var orphaned = Task.Run(() =>
        {
            while (Console.In.ReadLine() is not null)
            {
            }
        });
        if (await Task.WhenAny(stopped.Task, orphaned) == orphaned)
        {
            return 3;
        }

        await host.StopAsync();
        return 0;
    }

    static TimeSpan Age => DateTime.UtcNow - Process.GetCurrentProcess().StartTime.ToUniversalTime();

    static T GetService<T>(this IServiceProvider services) => (T)services.GetService(typeof(T))!;

    static void Configure(ISiloBuilder silo, IConfiguration settings)
    {
        var database = $"{settings["database"]};Application Name={settings["name"]}";
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", database));
        silo.AddAdoNetGrainStorage("memory", options => (options.Invariant, options.ConnectionString) = ("Npgsql", database));
        silo.UseAdoNetReminderService(options => (options.Invariant, options.ConnectionString) = ("Npgsql", database));
        silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("test", "test"));
        silo.Configure<SiloOptions>(options => options.SiloName = settings["name"]!);
        silo.ConfigureEndpoints(IPAddress.Parse(settings["address"] ?? "127.0.0.1"), Port("silo"), Port("gateway"));
        silo.Configure<ReminderOptions>(options =>
            (options.MinimumReminderPeriod, options.RefreshReminderListPeriod) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)));
        silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(10));
        FastSettings.Apply(silo);

        int Port(string name) => int.Parse(settings[name]!, CultureInfo.InvariantCulture);
    }
}

/// <summary>The settings with which a dead silo is noticed soon.</summary>
static class FastSettings
{
    public static void Apply(ISiloBuilder silo)
    {
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.MinProbeTimeout = TimeSpan.FromSeconds(0.5);
            options.MaxProbeTimeout = TimeSpan.FromSeconds(2);
            options.NumMissedProbesLimit = 5;
            options.NumVotesForDeathDeclaration = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            options.DefunctSiloExpiration = TimeSpan.FromHours(1);
            options.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
        silo.Configure<ConnectionOptions>(Apply);
    }

    public static void Apply(ConnectionOptions options)
    {
        options.OpenConnectionTimeout = TimeSpan.FromSeconds(2);
        options.ConnectionRetryDelay = TimeSpan.FromMilliseconds(250);
    }
}
