namespace Tributary.Cluster.Engine;

/// <summary>Counts, remembers in storage, and tells where it lives.</summary>
public interface ICounterGrain : IGrainWithStringKey
{
    Task<int> Add(int amount);

    Task<int> Get();

    Task<string> WhereAmI();

    Task Leave();

    Task Fail(string text);

    Task Wait(TimeSpan time);
}

[GenerateSerializer]
public sealed class CounterState
{
    [Id(0)]
    public int Count { get; set; }
}

public sealed class CounterGrain([PersistentState("counter", "memory")] IPersistentState<CounterState> state) : Grain, ICounterGrain
{
    public async Task<int> Add(int amount)
    {
        state.State.Count += amount;
        await state.WriteStateAsync();
        return state.State.Count;
    }

    public Task<int> Get() => Task.FromResult(state.State.Count);

    public Task<string> WhereAmI() => Task.FromResult(RuntimeIdentity);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task Fail(string text) => throw new InvalidOperationException(text);

    public Task Wait(TimeSpan time) => Task.Delay(time);
}
