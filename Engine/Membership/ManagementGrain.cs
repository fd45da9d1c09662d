using Orleans.Concurrency;
using Orleans.Placement;

namespace Orleans.Runtime;

/// <summary>Asks the silos that are active; one that dies meanwhile is left out.</summary>
[Reentrant, GrainType("sys.management")]
sealed class ManagementGrain(Silo silo) : Grain, IManagementGrain
{
    public Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false) => Task.FromResult(silo.Oracle.GetApproximateSiloStatuses(onlyActive));

    public Task ForceActivationCollection(TimeSpan ageLimit) => ForceActivationCollection([], ageLimit);

    public Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit) => Ask(hostsIds, async host =>
    {
        await host.Collect(ageLimit);
        return Array.Empty<DetailedGrainStatistic>();
    });

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => GetSimpleGrainStatistics([]);

    public async Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds) =>
    [
        .. (await Activations(hostsIds)).GroupBy(a => (a.GrainType, a.SiloAddress)).Select(group => new SimpleGrainStatistic
        {
            GrainType = group.Key.GrainType,
            SiloAddress = group.Key.SiloAddress,
            ActivationCount = group.Count()
        })
    ];

    public async Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null) =>
        [.. (await Activations(hostsIds)).Where(a => types is null || types.Contains(a.GrainType))];

    public async Task<int> GetGrainActivationCount(GrainReference grainReference) => (await Activations([])).Count(a => a.GrainId == grainReference.GrainId);

    public async Task<int> GetTotalActivationCount() => (await Activations([])).Length;

    public async ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference) =>
        await silo.Directory.Lookup(reference.GetGrainId()) is { ActivationId.IsDefault: false } address ? address.SiloAddress : null;

    public async ValueTask<List<GrainId>> GetActiveGrains(GrainType type) => [.. (await Activations([])).Select(a => a.GrainId).Where(id => id.Type == type).Distinct()];

    Task<DetailedGrainStatistic[]> Activations(SiloAddress[]? hosts) => Ask(hosts, host => host.Activations());

    async Task<DetailedGrainStatistic[]> Ask(SiloAddress[]? hosts, Func<ISiloGrain, Task<DetailedGrainStatistic[]>> question)
    {
        var chosen = silo.Oracle.GetActiveSilos().Where(s => hosts is null or [] || hosts.Contains(s));
        return [.. (await Task.WhenAll(chosen.Select(Answer))).SelectMany(answer => answer)];

        async Task<DetailedGrainStatistic[]> Answer(SiloAddress host)
        {
            try
            {
                // The silos of this process need no message.
                return await question(silo.Cluster.Silos.FirstOrDefault(s => s.Address.Equals(host)) is { } here
                    ? new SiloGrain(here) : silo.Factory.GetGrain<ISiloGrain>(host.ToParsableString()));
            }
            catch (Exception exception) when (exception is SiloUnavailableException && !silo.Oracle.IsActive(host))
            {
                return [];
            }
        }
    }
}

/// <summary>What management asks one silo; the key is its address.</summary>
interface ISiloGrain : IGrainWithStringKey
{
    Task<DetailedGrainStatistic[]> Activations();

    /// <summary>Ends what is idle for longer than that; the ends are not waited for.</summary>
    Task Collect(TimeSpan ageLimit);
}

[Reentrant, GrainType(Name), KeyedBySiloPlacement]
sealed class SiloGrain(Silo silo) : Grain, ISiloGrain
{
    const string Name = "sys.silo";
    static readonly GrainType Type = GrainType.Create(Name);

    public Task<DetailedGrainStatistic[]> Activations() => Task.FromResult<DetailedGrainStatistic[]>(
    [
        .. silo.Catalog.All.Where(a => a.State != ActivationState.Gone && a.GrainId.Type != Type).Select(a => new DetailedGrainStatistic
        {
            GrainType = $"{a.Class.Type.FullName},{a.Class.Type.Assembly.GetName().Name}",
            SiloAddress = silo.Address,
            GrainId = a.GrainId
        })
    ]);

    public Task Collect(TimeSpan ageLimit)
    {
        IdleCollector.Collect(silo, ageLimit);
        return Task.CompletedTask;
    }
}
