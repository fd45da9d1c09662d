namespace Tributary.Grains;

/// <summary>The name of the storage that every grain of the product writes to: files on a single node, PostgreSQL in a cluster, memory in tests.</summary>
public static class GrainStorageName
{
    public const string Tributary = "tributary";
}
