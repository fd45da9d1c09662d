using Orleans.Concurrency;
using Orleans.Serialization;

namespace Tributary.Unit.Engine;

/// <summary>Caller and callee never share an object that could be changed.</summary>
public sealed class CopyTests
{
    public interface IShop : IGrainWithStringKey
    {
        Task<Basket> Keep(Basket basket);

        Task<Basket?> Kept();

        Task<int> Sum(List<int> numbers);

        Task<bool> IsSame(Token token, Token[] inArray);

        Task<Immutable<byte[]>> Bytes(Immutable<byte[]> bytes);

        Task Refused(NoMessage value);

        Task<NoMessage> RefusedResult();

        Task<Loop> Round(Loop loop);
    }

    [GenerateSerializer]
    public sealed class Basket
    {
        [Id(0)]
        public string Owner { get; set; } = "";

        [Id(1)]
        public List<Item> Items { get; set; } = [];

        [Id(2)]
        public Dictionary<string, int> Prices { get; set; } = [];
    }

    [GenerateSerializer]
    public sealed record Item(string Name, byte[] Picture);

    [GenerateSerializer, Immutable]
    public sealed record Token(byte[] Secret);

    public sealed class NoMessage
    {
        public int Value { get; set; }
    }

    [GenerateSerializer]
    public sealed class Loop
    {
        [Id(0)]
        public Loop? Self { get; set; }
    }

    internal sealed class Shop : Grain, IShop
    {
        internal static Token? LastToken { get; private set; }

        Basket? _kept;

        public Task<Basket> Keep(Basket basket)
        {
            _kept = basket;
            return Task.FromResult(basket);
        }

        public Task<Basket?> Kept() => Task.FromResult(_kept);

        public Task<int> Sum(List<int> numbers)
        {
            var sum = numbers.Sum();
            numbers.Clear();
            return Task.FromResult(sum);
        }

        public Task<bool> IsSame(Token token, Token[] inArray)
        {
            LastToken = token;
            return Task.FromResult(ReferenceEquals(token, inArray[0]));
        }

        public Task<Immutable<byte[]>> Bytes(Immutable<byte[]> bytes) => Task.FromResult(bytes);

        public Task Refused(NoMessage value) => Task.CompletedTask;

        public Task<NoMessage> RefusedResult() => Task.FromResult(new NoMessage());

        public Task<Loop> Round(Loop loop) => Task.FromResult(loop);
    }

    [Fact]
    public async Task Arguments_and_results_are_copied_in_depth()
    {
        await using var cluster = await EngineCluster.Start();
        var grain = cluster.Grain<IShop>();
        var mine = new Basket { Owner = "me", Items = [new Item("apple", [1, 2])], Prices = { ["apple"] = 3 } };

        var answer = await grain.Keep(mine);
        mine.Items[0].Picture[0] = 99;
        mine.Items.Clear();
        mine.Prices["apple"] = 0;
        answer.Owner = "changed";
        answer.Items[0].Picture[1] = 99;

        var kept = (await grain.Kept())!;
        Assert.Equal("me", kept.Owner);
        Assert.Equal([1, 2], Assert.Single(kept.Items).Picture);
        Assert.Equal(3, kept.Prices["apple"]);
        Assert.NotSame(mine, answer);
    }

    [Fact]
    public async Task A_callee_may_change_its_copy()
    {
        await using var cluster = await EngineCluster.Start();
        List<int> numbers = [1, 2, 3];
        Assert.Equal(6, await cluster.Grain<IShop>().Sum(numbers));
        Assert.Equal(3, numbers.Count);
    }

    [Fact]
    public async Task Immutable_values_are_passed_as_they_are()
    {
        await using var cluster = await EngineCluster.Start();
        var token = new Token([1]);
        Assert.True(await cluster.Grain<IShop>().IsSame(token, [token]));
        Assert.Same(token, Shop.LastToken);
        byte[] bytes = [1, 2, 3];
        Assert.Same(bytes, (await cluster.Grain<IShop>().Bytes(bytes.AsImmutable())).Value);
    }

    [Fact]
    public async Task A_type_that_is_no_message_is_refused_both_ways()
    {
        await using var cluster = await EngineCluster.Start();
        await Assert.ThrowsAsync<CodecNotFoundException>(() => cluster.Grain<IShop>().Refused(new NoMessage()));
        await Assert.ThrowsAsync<CodecNotFoundException>(() => cluster.Grain<IShop>().RefusedResult());
    }

    [Fact]
    public async Task A_graph_with_a_cycle_keeps_its_shape()
    {
        await using var cluster = await EngineCluster.Start();
        var loop = new Loop();
        loop.Self = loop;
        var answer = await cluster.Grain<IShop>().Round(loop);
        Assert.Same(answer, answer.Self);
        Assert.NotSame(loop, answer);
    }
}
