using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Tributary.EndToEnd.Harness;

namespace Tributary.Bench;

public interface IEchoGrain : IGrainWithIntegerKey
{
    ValueTask<int> Echo(int number);

    /// <summary>Bytes that the silo's process has allocated so far.</summary>
    ValueTask<long> Allocated();
}

public sealed class EchoGrain : Grain, IEchoGrain
{
    public ValueTask<int> Echo(int number) => new(number);

    public ValueTask<long> Allocated() => new(GC.GetTotalAllocatedBytes());
}

/// <summary>
/// Calls from a client to a grain in another process: one at a time and with 128 in flight, and what client and silo allocate for one. It needs a database with
/// the tables of deploy/postgres, named by BENCH_DATABASE (an Npgsql connection string); no call touches it.
/// </summary>
static class EngineBench
{
    const int Grains = 64;
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3), Measured = TimeSpan.FromSeconds(5);

    public static async Task Run()
    {
        if (Environment.GetEnvironmentVariable("BENCH_DATABASE") is not { Length: > 0 } database)
        {
            Console.WriteLine("engine: skipped, BENCH_DATABASE names no database");
            return;
        }

        var cluster = $"bench-{Environment.ProcessId}";
        string[] arguments = [typeof(EngineBench).Assembly.Location, "silo", cluster, Text(FreePorts.Next()), Text(FreePorts.Next())];
        using var silo = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        while (await silo.StandardOutput.ReadLineAsync() is { } line && line != "ready")
        {
        }

        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client =>
        {
            client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", database));
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster, "bench"));
        });
        using var host = builder.Build();
        await host.StartAsync();
        var grains = Enumerable.Range(0, Grains).Select(i => host.Services.GetRequiredService<IClusterClient>().GetGrain<IEchoGrain>(i)).ToArray();
        var table = new Table("engine", "calls_in_flight", "calls_per_second", "client_bytes_per_call", "silo_bytes_per_call");
        foreach (var callers in new[] { 1, 128 })
        {
            await Call(grains, callers, WarmUp);
            var (client, other) = (GC.GetTotalAllocatedBytes(), await grains[0].Allocated());
            var watch = Stopwatch.StartNew();
            var calls = await Call(grains, callers, Measured);
            var elapsed = watch.Elapsed;
            table.Add(callers, calls / elapsed.TotalSeconds, (GC.GetTotalAllocatedBytes() - client) / (double)calls, (await grains[0].Allocated() - other) / (double)calls);
        }

        table.Print();
        await host.StopAsync();
        silo.StandardInput.Close();
        await silo.WaitForExitAsync();
    }

    /// <summary>The other end; it ends when its standard input does.</summary>
    public static async Task<int> Silo(string[] arguments)
    {
        var database = Environment.GetEnvironmentVariable("BENCH_DATABASE")!;
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", database));
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (arguments[1], "bench"));
            silo.ConfigureEndpoints(IPAddress.Loopback, Number(arguments[2]), Number(arguments[3]));
        });
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
        return 0;
    }

    static async Task<long> Call(IEchoGrain[] grains, int callers, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var calls = await Task.WhenAll(Enumerable.Range(0, callers).Select(async caller =>
        {
            var count = 0L;
            while (Stopwatch.GetTimestamp() < until)
            {
                await grains[caller % Grains].Echo(caller);
                count++;
            }

            return count;
        }));
        return calls.Sum();
    }

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
