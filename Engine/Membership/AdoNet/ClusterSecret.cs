using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>The secret that the processes of a cluster share: <c>Cluster:Secret</c> of the configuration, empty for none.</summary>
static class ClusterSecret
{
    public static ClusterIdentity Identity(IServiceProvider services, ClusterOptions cluster) =>
        new(cluster.ClusterId, cluster.ServiceId, services.GetService<IConfiguration>()?["Cluster:Secret"] ?? "");
}
