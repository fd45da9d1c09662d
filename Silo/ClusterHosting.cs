using System.Net;
using Orleans.Configuration;
using Orleans.Serialization;
using Tributary.Grains;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.ServerNodes;
using Tributary.Grains.Storage;

namespace Tributary.Silo;

/// <summary>
/// How this process belongs to a cluster: alone with its state on files, or as a silo or a client of the silos that PostgreSQL knows.
/// </summary>
static class ClusterHosting
{
    const string Invariant = "Npgsql";
    const string Service = "tributary";
    const string Rows = "rows";

    public static void Add(WebApplicationBuilder builder, ServerOptions options, string data)
    {
        var tls = options.Cluster.Tls.IsOn ? new ClusterTls(options.Cluster.Tls) : null;
        if (tls is not null)
        {
            builder.Services.AddHostedService(provider => tls.TellTo(provider.GetRequiredService<ILogger<ClusterTls>>()));
            builder.Services.PostConfigure<FrameLinkOptions>(link => tls.Apply(link.Tls));
        }

        if (options.Cluster.Database.Length == 0)
        {
            builder.UseOrleans(silo => AddAlone(silo, options, data));
        }
        else if (options.Node.Is("silo"))
        {
            builder.UseOrleans(silo => AddSilo(silo, options, tls));
        }
        else
        {
            builder.UseOrleansClient(client => AddClient(client, options, tls));
        }
    }

    static void AddAlone(ISiloBuilder silo, ServerOptions options, string data)
    {
        silo.UseLocalhostClustering(options.Silo.Port, options.Silo.GatewayPort, serviceId: Service, clusterId: options.Cluster.Id);
        silo.Configure<SiloOptions>(named => named.SiloName = options.Node.NameOrDefault);
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(5));
        silo.AddFileGrainStorage(Path.Combine(data, "grains"));
    }

    static void AddSilo(ISiloBuilder silo, ServerOptions options, ClusterTls? tls)
    {
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.Cluster.Id, Service));
        silo.Configure<SiloOptions>(named => named.SiloName = options.Node.NameOrDefault);
        silo.ConfigureEndpoints(AddressOf(options.Node.Host), options.Silo.Port, options.Silo.GatewayPort, listenOnAnyHostAddress: true);
        silo.UseAdoNetClustering(store => (store.Invariant, store.ConnectionString) = (Invariant, options.Cluster.Database));
        silo.AddDistinctKeys(GrainStorageName.Tributary, Rows).AddAdoNetGrainStorage(
            Rows,
            (AdoNetGrainStorageOptions store) => (store.Invariant, store.ConnectionString) = (Invariant, options.Cluster.Database));
        silo.Services.AddHostedService<SiloDeathWatch>();
        silo.Configure<ClusterMembershipOptions>(DetectQuickly);
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(5));
        silo.Configure<ConnectionOptions>(Reconnect);
        silo.Configure<ExceptionSerializationOptions>(TellOfTheDatabase);
        if (tls is not null)
        {
            silo.UseTls(tls.Apply);
        }
    }

    static void AddClient(IClientBuilder client, ServerOptions options, ClusterTls? tls)
    {
        client.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (options.Cluster.Id, Service));
        client.UseAdoNetClustering(store => (store.Invariant, store.ConnectionString) = (Invariant, options.Cluster.Database));
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(3));
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
        client.Configure<ConnectionOptions>(Reconnect);
        client.Configure<ExceptionSerializationOptions>(TellOfTheDatabase);
        client.UseConnectionRetryFilter(WaitForSilos);
        if (tls is not null)
        {
            client.UseTls(tls.Apply);
        }
    }

    // Processes of a cluster start in any order: a client whose silos are not there yet waits for them.
    static async Task<bool> WaitForSilos(Exception exception, CancellationToken cancellation)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation);
        return true;
    }

    // A silo that dies is declared dead within 2 s, one that hangs or is cut off after 3 to 4 s, at the price of a probe per second and silo.
    static void DetectQuickly(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromSeconds(1);
        membership.MinProbeTimeout = TimeSpan.FromMilliseconds(500);
        membership.MaxProbeTimeout = TimeSpan.FromSeconds(2);
        membership.NumMissedProbesLimit = 3;
        membership.NumVotesForDeathDeclaration = 2;
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        membership.DefunctSiloExpiration = TimeSpan.FromHours(1);
        membership.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
    }

    static void Reconnect(ConnectionOptions connections)
    {
        connections.OpenConnectionTimeout = TimeSpan.FromSeconds(2);
        connections.ConnectionRetryDelay = TimeSpan.FromMilliseconds(250);
    }

    // Who calls a grain that cannot be stored hears so, and waits: what the database says has to arrive as what it is.
    static void TellOfTheDatabase(ExceptionSerializationOptions exceptions) => exceptions.SupportedNamespacePrefixes.Add(Invariant);

    static IPAddress AddressOf(string host) => IPAddress.TryParse(host, out var address)
        ? address
        : Dns.GetHostAddresses(host).FirstOrDefault(found => found.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            ?? throw new IOException($"Node:Host '{host}' has no IPv4 address.");
}
