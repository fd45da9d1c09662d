using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>One silo of a test cluster.</summary>
public abstract class SiloHandle : IDisposable, IAsyncDisposable
{
    public TestClusterOptions? ClusterOptions { get; set; }

    public string Name { get; set; } = null!;

    public short InstanceNumber { get; set; }

    public abstract bool IsActive { get; }

    public SiloAddress SiloAddress { get; set; } = null!;

    public SiloAddress GatewayAddress { get; set; } = null!;

    /// <summary>Stops it in good order, or kills it: membership knows at once, nothing is tidied up.</summary>
    public abstract Task StopSiloAsync(bool stopGracefully);

    public abstract Task StopSiloAsync(CancellationToken ct);

    public override string ToString() => SiloAddress.ToString();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    public abstract ValueTask DisposeAsync();

    protected virtual void Dispose(bool disposing) { }
}

/// <summary>A silo in a host of its own within the process of the test.</summary>
public class InProcessSiloHandle : SiloHandle
{
    bool _active = true;

    public IHost SiloHost { get; init; } = null!;

    public IServiceProvider ServiceProvider => SiloHost.Services;

    public override bool IsActive => _active;

    /// <summary>Starts a silo as the configuration of a test cluster says.</summary>
    public static async Task<InProcessSiloHandle> CreateAsync(string siloName, IConfiguration configuration, Action<IHostBuilder>? postConfigureHostBuilder = null)
    {
        var host = TestClusterHosts.BuildSilo(siloName, configuration, postConfigureHostBuilder);
        await host.StartAsync();
        return Of(host);
    }

    internal static InProcessSiloHandle Of(IHost host)
    {
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        return new InProcessSiloHandle { SiloHost = host, Name = details.Name, SiloAddress = details.SiloAddress, GatewayAddress = details.GatewayAddress! };
    }

    public override async Task StopSiloAsync(bool stopGracefully)
    {
        if (stopGracefully)
        {
            await StopSiloAsync(CancellationToken.None);
            return;
        }

        if (_active)
        {
            ServiceProvider.GetRequiredService<Silo>().Kill();
            await StopSiloAsync(new CancellationToken(canceled: true));
        }
    }

    public override async Task StopSiloAsync(CancellationToken ct)
    {
        if (!_active)
        {
            return;
        }

        _active = false;
        try
        {
            await SiloHost.StopAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to hurry.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await StopSiloAsync(true);
        if (SiloHost is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Builds the hosts of a test cluster from its configuration.</summary>
static class TestClusterHosts
{
    public const string SiloPort = "SiloPort";
    public const string GatewayPort = "GatewayPort";
    public const string PrimarySiloPort = "PrimarySiloPort";

    public static string ClusterName(IConfiguration configuration) => $"{configuration[nameof(TestClusterOptions.ClusterId)]}/{configuration[nameof(TestClusterOptions.ServiceId)]}";

    public static IHost BuildSilo(string siloName, IConfiguration configuration, Action<IHostBuilder>? postConfigure)
    {
        var builder = new HostBuilder().ConfigureHostConfiguration(c => c.AddConfiguration(configuration));
        builder.UseOrleans((context, silo) =>
        {
            silo.Services.AddSingleton(LocalCluster.Named(ClusterName(configuration)));
            silo.ConfigureEndpoints(System.Net.IPAddress.Loopback, configuration.GetValue<int>(SiloPort), configuration.GetValue<int>(GatewayPort));
            silo.Configure<SiloOptions>(o => o.SiloName = siloName);
            silo.Configure<ClusterOptions>(o =>
            {
                o.ClusterId = configuration[nameof(ClusterOptions.ClusterId)]!;
                o.ServiceId = configuration[nameof(ClusterOptions.ServiceId)]!;
            });
        });
        foreach (var configurator in Configurators(configuration, nameof(TestClusterOptions.SiloBuilderConfiguratorTypes)))
        {
            (configurator as IHostConfigurator)?.Configure(builder);
            if (configurator is ISiloConfigurator silo)
            {
                builder.UseOrleans((_, s) => silo.Configure(s));
            }
        }

        postConfigure?.Invoke(builder);
        return builder.Build();
    }

    public static IHost BuildClient(IConfiguration configuration)
    {
        var builder = new HostBuilder().ConfigureHostConfiguration(c => c.AddConfiguration(configuration));
        builder.UseOrleansClient((context, client) =>
        {
            client.Services.AddSingleton(LocalCluster.Named(ClusterName(configuration)));
            client.Configure<ClusterOptions>(o =>
            {
                o.ClusterId = configuration[nameof(ClusterOptions.ClusterId)]!;
                o.ServiceId = configuration[nameof(ClusterOptions.ServiceId)]!;
            });
            foreach (var configurator in Configurators(configuration, nameof(TestClusterOptions.ClientBuilderConfiguratorTypes)))
            {
                (configurator as IClientBuilderConfigurator)?.Configure(configuration, client);
            }
        });
        foreach (var configurator in Configurators(configuration, nameof(TestClusterOptions.ClientBuilderConfiguratorTypes)))
        {
            (configurator as IHostConfigurator)?.Configure(builder);
        }

        return builder.Build();
    }

    static IEnumerable<object> Configurators(IConfiguration configuration, string section) =>
        configuration.GetSection(section).GetChildren().Where(c => !string.IsNullOrEmpty(c.Value)).Select(c => Activator.CreateInstance(Type.GetType(c.Value!, throwOnError: true)!)!);
}
