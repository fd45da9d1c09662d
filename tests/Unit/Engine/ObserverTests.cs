using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Concurrency;
using Orleans.Utilities;

namespace Tributary.Unit.Engine;

public sealed class ObserverTests
{
    public interface IListener : IGrainObserver
    {
        [OneWay]
        Task Heard(string text);

        Task<int> Ask(int number);

        void Told(string text);
    }

    public interface ISpeaker : IGrainWithStringKey
    {
        Task Say(IListener listener, string text);

        Task<int> Ask(IListener listener, int number);

        Task Subscribe(IListener listener);

        Task<int> SayToAll(string text);

        Task<string> TryToObserve();
    }

    internal sealed class Speaker : Grain, ISpeaker, IGrainObserver
    {
        readonly ObserverManager<IListener> _listeners = new(TimeSpan.FromMinutes(1), NullLogger.Instance);

        public override Task OnActivateAsync(CancellationToken cancellationToken)
        {
            var clock = ServiceProvider.GetRequiredService<TimeProvider>();
            _listeners.GetDateTime = () => clock.GetUtcNow().UtcDateTime;
            return Task.CompletedTask;
        }

        public async Task Say(IListener listener, string text)
        {
            await listener.Heard(text);
            listener.Told(text);
        }

        public Task<int> Ask(IListener listener, int number) => listener.Ask(number);

        public Task Subscribe(IListener listener)
        {
            _listeners.Subscribe(listener, listener);
            return Task.CompletedTask;
        }

        public async Task<int> SayToAll(string text)
        {
            await _listeners.Notify(l => l.Ask(text.Length));
            return _listeners.Count;
        }

        public Task<string> TryToObserve()
        {
            try
            {
                GrainFactory.CreateObjectReference<IListener>(this);
                return Task.FromResult("made");
            }
            catch (InvalidOperationException exception)
            {
                return Task.FromResult(exception.Message);
            }
        }
    }

    sealed class Listener : IListener
    {
        readonly List<string> _heard = [];
        readonly TaskCompletionSource _two = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task HeardTwo => _two.Task.WaitAsync(TimeSpan.FromSeconds(20));

        public string[] All
        {
            get
            {
                lock (_heard)
                {
                    return [.. _heard];
                }
            }
        }

        public Task Heard(string text)
        {
            Add($"heard {text}");
            return Task.CompletedTask;
        }

        public void Told(string text) => Add($"told {text}");

        public Task<int> Ask(int number)
        {
            Add($"asked {number}");
            return number < 0 ? throw new ArgumentException("negative") : Task.FromResult(number + 1);
        }

        void Add(string text)
        {
            lock (_heard)
            {
                _heard.Add(text);
                if (_heard.Count == 2)
                {
                    _two.SetResult();
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_grain_calls_the_observer_of_a_client_and_of_a_silo_in_order(bool inSilo)
    {
        await using var cluster = await EngineCluster.Start(silos: 2);
        var factory = inSilo ? cluster.Silos.Silos[1].ServiceProvider.GetRequiredService<IGrainFactory>() : cluster.Client;
        var listener = new Listener();
        var reference = factory.CreateObjectReference<IListener>(listener);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(8, await factory.GetGrain<ISpeaker>($"s{i}").Ask(reference, 7));
        }

        Assert.Equal(10, listener.All.Length);
    }

    [Fact]
    public async Task One_way_calls_of_an_observer_arrive_in_order()
    {
        await using var cluster = await EngineCluster.Start();
        var listener = new Listener();
        await cluster.Grain<ISpeaker>().Say(cluster.Client.CreateObjectReference<IListener>(listener), "hello");
        await listener.HeardTwo;
        Assert.Equal(["heard hello", "told hello"], listener.All);
    }

    [Fact]
    public async Task The_exception_of_an_observer_reaches_the_grain_and_its_caller()
    {
        await using var cluster = await EngineCluster.Start();
        var listener = new Listener();
        var reference = cluster.Client.CreateObjectReference<IListener>(listener);
        await Assert.ThrowsAsync<ArgumentException>(() => cluster.Grain<ISpeaker>().Ask(reference, -1));
    }

    [Fact]
    public async Task An_observer_that_is_deleted_or_collected_is_no_longer_there()
    {
        await using var cluster = await EngineCluster.Start();
        var listener = new Listener();
        var reference = cluster.Client.CreateObjectReference<IListener>(listener);
        cluster.Client.DeleteObjectReference<IListener>(reference);
        await Assert.ThrowsAsync<ClientNotAvailableException>(() => cluster.Grain<ISpeaker>().Ask(reference, 1));
        Assert.Empty(listener.All);

        var lost = Forgotten(cluster.Client);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        await Assert.ThrowsAsync<ClientNotAvailableException>(() => cluster.Grain<ISpeaker>().Ask(lost, 1));
    }

    [Fact]
    public async Task The_observer_of_a_client_that_left_fails_and_is_removed_by_the_manager()
    {
        await using var cluster = await EngineCluster.Start();
        var listener = new Listener();
        var grain = cluster.Silos.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ISpeaker>("a");
        await grain.Subscribe(cluster.Client.CreateObjectReference<IListener>(listener));
        Assert.Equal(1, await grain.SayToAll("hi"));
        await cluster.Silos.KillClientAsync();
        Assert.Equal(0, await grain.SayToAll("anyone?"));
        Assert.Equal(["asked 2"], listener.All);
    }

    [Fact]
    public async Task An_observer_that_is_not_renewed_expires()
    {
        await using var cluster = await EngineCluster.Start();
        var listener = new Listener();
        var grain = cluster.Grain<ISpeaker>();
        await grain.Subscribe(cluster.Client.CreateObjectReference<IListener>(listener));
        cluster.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(0, await grain.SayToAll("late"));
        Assert.Empty(listener.All);
    }

    [Fact]
    public async Task A_grain_cannot_make_an_observer_of_itself()
    {
        await using var cluster = await EngineCluster.Start();
        Assert.Equal("Cannot create a local object reference from a grain.", await cluster.Grain<ISpeaker>().TryToObserve());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static IListener Forgotten(IGrainFactory factory) => factory.CreateObjectReference<IListener>(new Listener());
}
