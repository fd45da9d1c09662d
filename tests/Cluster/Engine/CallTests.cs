namespace Tributary.Cluster.Engine;

public sealed class CallTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task A_call_reaches_the_grain_and_its_result_comes_back()
    {
        var counter = fixture.Cluster.Client.GetGrain<ICounterGrain>("calls");
        Assert.Equal(2, await counter.Add(2));
        Assert.Equal(5, await counter.Add(3));
    }

    [Fact]
    public async Task Two_references_to_one_key_are_one_grain()
    {
        await fixture.Cluster.Client.GetGrain<ICounterGrain>("same").Add(1);
        Assert.Equal(1, await fixture.Cluster.Client.GetGrain<ICounterGrain>("same").Get());
    }

    [Fact]
    public async Task The_exception_of_a_grain_reaches_its_caller()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => fixture.Cluster.Client.GetGrain<ICounterGrain>("fails").Fail("as asked"));
        Assert.Equal("as asked", exception.Message);
    }

    [Fact]
    public async Task Grains_live_on_both_silos()
    {
        var places = new HashSet<string>();
        for (var i = 0; i < 50; i++)
        {
            places.Add(await fixture.Cluster.Client.GetGrain<ISpreadGrain>(i).WhereAmI());
        }

        Assert.Equal(2, places.Count);
    }

    [Fact]
    public async Task State_outlives_the_activation()
    {
        var counter = fixture.Cluster.Client.GetGrain<ICounterGrain>("kept");
        await counter.Add(7);
        await counter.Leave();
        Assert.Equal(7, await counter.Get());
    }
}
