using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;

namespace Tributary.Unit.Engine;

public sealed class StateTests
{
    public interface IKeeper : IGrainWithStringKey
    {
        Task Set(string text);

        Task<string> Get();

        Task<string> AtActivation();

        Task Clear();

        Task Delete();
    }

    public interface IClassicKeeper : IKeeper;

    public interface ILostKeeper : IKeeper;

    [GenerateSerializer]
    public sealed class Note
    {
        [Id(0)]
        public string Text { get; set; } = "new";
    }

    internal abstract class KeeperBase : Grain, IKeeper
    {
        string _atActivation = "";

        protected abstract Note Value { get; }

        public override Task OnActivateAsync(CancellationToken cancellationToken)
        {
            _atActivation = Value.Text;
            return Task.CompletedTask;
        }

        public Task Set(string text)
        {
            Value.Text = text;
            return Write();
        }

        public Task<string> Get() => Task.FromResult(Value.Text);

        public Task<string> AtActivation() => Task.FromResult(_atActivation);

        public abstract Task Clear();

        public Task Delete()
        {
            DeactivateOnIdle();
            return Task.CompletedTask;
        }

        protected abstract Task Write();
    }

    internal sealed class Keeper([PersistentState("note", "other")] IPersistentState<Note> state) : KeeperBase
    {
        protected override Note Value => state.State;

        public override Task Clear() => state.ClearStateAsync();

        protected override Task Write() => state.WriteStateAsync();
    }

    internal sealed class LostKeeper([PersistentState("note", "nowhere")] IPersistentState<Note> state) : KeeperBase, ILostKeeper
    {
        protected override Note Value => state.State;

        public override Task Clear() => state.ClearStateAsync();

        protected override Task Write() => state.WriteStateAsync();
    }

    [StorageProvider(ProviderName = "other")]
    internal sealed class ClassicKeeper : Grain<Note>, IClassicKeeper
    {
        public Task Set(string text)
        {
            State.Text = text;
            return WriteStateAsync();
        }

        public Task<string> Get() => Task.FromResult(State.Text);

        public Task<string> AtActivation() => Get();

        public Task Clear() => ClearStateAsync();

        public Task Delete()
        {
            DeactivateOnIdle();
            return Task.CompletedTask;
        }
    }

    static string KeeperName => typeof(Keeper).FullName!;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task State_is_read_before_the_grain_is_activated(bool classic)
    {
        await using var cluster = await EngineCluster.Start();
        IKeeper grain = classic ? cluster.Grain<IClassicKeeper>() : cluster.Client.GetGrain<IKeeper>("a", KeeperName);
        Assert.Equal("new", await grain.AtActivation());
        await grain.Set("written");
        await grain.Delete();
        Assert.Equal("written", await grain.AtActivation());
        await grain.Clear();
        await grain.Delete();
        Assert.Equal("new", await grain.AtActivation());
    }

    [Fact]
    public async Task A_write_over_a_newer_state_fails_and_ends_the_activation()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Client.GetGrain<IKeeper>("a", KeeperName);
        await grain.Set("first");
        var storage = cluster.Silos.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>("other");
        var rival = new GrainState<Note>(new Note());
        await storage.ReadStateAsync("note", grain.GetGrainId(), rival);
        rival.State!.Text = "of a rival";
        await storage.WriteStateAsync("note", grain.GetGrainId(), rival);

        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Set("stale"));

        Assert.Equal("of a rival", await grain.Get());
        await grain.Set("fresh");
        Assert.Equal("fresh", await grain.Get());
    }

    [Fact]
    public async Task A_provider_that_is_not_registered_is_named()
    {
        await using var cluster = await EngineCluster.Start();
        var exception = await Assert.ThrowsAsync<BadProviderConfigException>(cluster.Grain<ILostKeeper>().Get);
        Assert.Contains("nowhere", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_storage_keeps_copies()
    {
        await using var cluster = await EngineCluster.Start();
        var storage = cluster.Silos.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>("other");
        var id = GrainId.Create("note", "a");
        var state = new GrainState<Note>(new Note { Text = "kept" });
        await storage.WriteStateAsync("note", id, state);
        state.State!.Text = "changed afterwards";

        var read = new GrainState<Note>();
        await storage.ReadStateAsync("note", id, read);

        Assert.Equal("kept", read.State!.Text);
        Assert.True(read.RecordExists);
        Assert.Equal(state.ETag, read.ETag);
    }
}
