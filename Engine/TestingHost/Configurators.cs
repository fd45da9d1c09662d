using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Orleans.TestingHost;

/// <summary>Configures each silo of a test cluster; a public class without constructor parameters.</summary>
public interface ISiloConfigurator
{
    void Configure(ISiloBuilder siloBuilder);
}

/// <summary>Configures the host of each silo of a test cluster.</summary>
public interface IHostConfigurator
{
    void Configure(IHostBuilder hostBuilder);
}

/// <summary>Configures the client of a test cluster.</summary>
public interface IClientBuilderConfigurator
{
    void Configure(IConfiguration configuration, IClientBuilder clientBuilder);
}

/// <summary>Gives out ports.</summary>
public interface ITestClusterPortAllocator : IDisposable
{
    (int, int) AllocateConsecutivePortPairs(int numPorts);
}

/// <summary>Gives every cluster of the process ports of its own. The embedded engine opens none of them: they are names.</summary>
public class TestClusterPortAllocator : ITestClusterPortAllocator
{
    static int _last = 22000;

    public (int, int) AllocateConsecutivePortPairs(int numPorts = 5)
    {
        var first = Interlocked.Add(ref _last, numPorts) - numPorts;
        return (first, first + 20000);
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) { }
}
