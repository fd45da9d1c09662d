using System.Reflection;

namespace Tributary.Cluster;

/// <summary>The engine that this assembly was built on.</summary>
static class ClusterEngine
{
    static readonly string Name = typeof(ClusterEngine).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "ClusterEngine").Value!;

    /// <summary>True on Microsoft Orleans, false on the engine that is written here.</summary>
    public static bool IsOrleans => Name == "orleans";

    /// <summary>Leaves the test out on Microsoft Orleans, with the reason.</summary>
    public static void Embedded(string why) => Skip.If(IsOrleans, $"on the embedded engine only: {why}");
}
