using System.Globalization;

namespace Orleans.TestingHost;

// Silos and the client are stopped, killed, or started again.
public partial class TestCluster
{
    /// <summary>Stops a silo in good order: its grains end, and live on elsewhere at the next call.</summary>
    public async Task StopSiloAsync(SiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: true);
        Forget(instance);
    }

    /// <summary>Ends a silo as if its process had died.</summary>
    public async Task KillSiloAsync(SiloHandle instance)
    {
        await instance.StopSiloAsync(stopGracefully: false);
        Forget(instance);
    }

    public async Task<SiloHandle?> RestartSiloAsync(SiloHandle instance)
    {
        if (instance is null)
        {
            return null;
        }

        var wasPrimary = instance == Primary;
        await StopSiloAsync(instance);
        var handle = await StartSiloAsync(instance.InstanceNumber, Options);
        Primary = wasPrimary ? handle : Primary;
        return handle;
    }

    public Task<SiloHandle> RestartStoppedSecondarySiloAsync(string siloName) =>
        StartSiloAsync(int.Parse(siloName.AsSpan(siloName.LastIndexOf('_') + 1), CultureInfo.InvariantCulture), Options);

    public async Task StopPrimarySiloAsync()
    {
        if (Primary is { } primary)
        {
            await StopSiloAsync(primary);
        }
    }

    public async Task StopSecondarySilosAsync()
    {
        foreach (var silo in SecondarySilos)
        {
            await StopSiloAsync(silo);
        }
    }

    public void StopAllSilos() => StopAllSilosAsync().GetAwaiter().GetResult();

    public async Task StopAllSilosAsync()
    {
        await StopClusterClientAsync();
        await StopSecondarySilosAsync();
        await StopPrimarySiloAsync();
    }

    public async Task StopClusterClientAsync()
    {
        if (_client is { } client)
        {
            _client = null;
            await client.StopAsync();
            client.Dispose();
        }
    }

    public Task KillClientAsync() => StopClusterClientAsync();

    void Forget(SiloHandle instance)
    {
        lock (_silos)
        {
            _silos.Remove(instance);
            _stopped.Add(instance);
        }
    }
}
