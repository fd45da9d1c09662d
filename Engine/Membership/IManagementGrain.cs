using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>Asks all silos; key 0.</summary>
public interface IManagementGrain : IGrainWithIntegerKey
{
    Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);

    /// <summary>Ends what is idle for longer than <paramref name="ageLimit"/> on these silos.</summary>
    Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit);

    Task ForceActivationCollection(TimeSpan ageLimit);

    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds);

    Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();

    Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null);

    Task<int> GetGrainActivationCount(GrainReference grainReference);

    Task<int> GetTotalActivationCount();

    /// <summary>The silo of a grain's activation, null when it has none.</summary>
    ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference);

    ValueTask<List<GrainId>> GetActiveGrains(GrainType type);
}

/// <summary>How many activations of a class a silo has.</summary>
[GenerateSerializer, Immutable]
public sealed class SimpleGrainStatistic
{
    [Id(0)]
    public string GrainType { get; init; } = null!;

    [Id(1)]
    public SiloAddress SiloAddress { get; init; } = null!;

    [Id(2)]
    public int ActivationCount { get; init; }
}

/// <summary>One activation.</summary>
[GenerateSerializer, Immutable]
public sealed class DetailedGrainStatistic
{
    [Id(0)]
    public string GrainType { get; init; } = null!;

    [Id(1)]
    public SiloAddress SiloAddress { get; init; } = null!;

    [Id(2)]
    public GrainId GrainId { get; init; }
}

/// <summary>Answers from the silos of this process; those of other processes will be asked by message.</summary>
[Reentrant, GrainType("sys.management")]
sealed class ManagementGrain(Silo silo) : Grain, IManagementGrain
{
    public Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false) => Task.FromResult(silo.Oracle.GetApproximateSiloStatuses(onlyActive));

    public Task ForceActivationCollection(TimeSpan ageLimit) => ForceActivationCollection([], ageLimit);

    // The end of this very activation is not waited for.
    public Task ForceActivationCollection(SiloAddress[] hostsIds, TimeSpan ageLimit)
    {
        foreach (var host in Chosen(hostsIds))
        {
            IdleCollector.Collect(host, ageLimit);
        }

        return Task.CompletedTask;
    }

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => GetSimpleGrainStatistics([]);

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics(SiloAddress[] hostsIds) => Task.FromResult<SimpleGrainStatistic[]>(
        [.. Chosen(hostsIds).SelectMany(host => Living(host).GroupBy(a => a.Class).Select(group => new SimpleGrainStatistic
        {
            GrainType = NameOf(group.Key),
            SiloAddress = host.Address,
            ActivationCount = group.Count()
        }))]);

    public Task<DetailedGrainStatistic[]> GetDetailedGrainStatistics(string[]? types = null, SiloAddress[]? hostsIds = null) => Task.FromResult<DetailedGrainStatistic[]>(
        [.. Chosen(hostsIds).SelectMany(host => Living(host).Where(a => types is null || types.Contains(NameOf(a.Class))).Select(a => new DetailedGrainStatistic
        {
            GrainType = NameOf(a.Class),
            SiloAddress = host.Address,
            GrainId = a.GrainId
        }))]);

    public Task<int> GetGrainActivationCount(GrainReference grainReference) =>
        Task.FromResult(Chosen([]).Sum(host => Living(host).Count(a => a.GrainId == grainReference.GrainId)));

    public Task<int> GetTotalActivationCount() => Task.FromResult(Chosen([]).Sum(host => Living(host).Count()));

    public async ValueTask<SiloAddress?> GetActivationAddress(IAddressable reference) =>
        await silo.Directory.Lookup(reference.GetGrainId()) is { ActivationId.IsDefault: false } address ? address.SiloAddress : null;

    public ValueTask<List<GrainId>> GetActiveGrains(GrainType type) =>
        new([.. Chosen([]).SelectMany(host => Living(host).Where(a => a.GrainId.Type == type).Select(a => a.GrainId)).Distinct()]);

    IEnumerable<Silo> Chosen(SiloAddress[]? hosts) =>
        silo.Cluster.Silos.Where(s => silo.Oracle.IsActive(s.Address) && (hosts is null or [] || hosts.Contains(s.Address)));

    static IEnumerable<Activation> Living(Silo host) => host.Catalog.All.Where(a => a.State != ActivationState.Gone);

    static string NameOf(GrainClass grainClass) => $"{grainClass.Type.FullName},{grainClass.Type.Assembly.GetName().Name}";
}
