namespace Tributary.Cluster.Engine.Processes;

public interface IListener : IGrainObserver
{
    Task Heard(string text);

    Task<string> Ask(string text);
}

[GenerateSerializer]
public abstract record Note([property: Id(0)] string Text);

[GenerateSerializer]
public sealed record LoudNote(string Text, [property: Id(0)] int Volume, [property: Id(1)] Dictionary<GrainId, TimeSpan[]> Times) : Note(Text)
{
    [Id(2)]
    public ReadOnlyMemory<byte> Sound { get; init; }
}

[GenerateSerializer]
public sealed class SpeakerException(string message, int code) : Exception(message)
{
    [Id(0)]
    public int Code { get; } = code;
}

/// <summary>Calls observers and other grains, gives back what it is given, and is woken by a reminder.</summary>
public interface ISpeakerGrain : IGrainWithStringKey
{
    Task<string> WhereAmI();

    Task Add(IListener listener);

    Task Say(string text);

    Task<string> Ask(string text);

    Task<Note> Echo(Note note);

    ValueTask<ICounterGrain> Counter(string key);

    Task<string> CountAndTell(string key);

    Task<string> Where(string key);

    Task Refuse(int code);

    Task WaitFor(CancellationToken cancellationToken);

    Task RemindEverySecond();

    Task<int> Ticks();
}

public sealed class SpeakerGrain : Grain, ISpeakerGrain, IRemindable
{
    readonly List<IListener> _listeners = [];
    int _ticks;

    public Task<string> WhereAmI() => Task.FromResult(RuntimeIdentity);

    public Task Add(IListener listener)
    {
        _listeners.Add(listener);
        return Task.CompletedTask;
    }

    public Task Say(string text) => Task.WhenAll(_listeners.Select(listener => listener.Heard(text)));

    public Task<string> Ask(string text) => _listeners[0].Ask(text);

    public Task<Note> Echo(Note note) => Task.FromResult(note);

    public ValueTask<ICounterGrain> Counter(string key) => new(GrainFactory.GetGrain<ICounterGrain>(key));

    public async Task<string> CountAndTell(string key)
    {
        var counter = GrainFactory.GetGrain<ICounterGrain>(key);
        await counter.Add(1);
        return await counter.WhereAmI();
    }

    public Task<string> Where(string key) => GrainFactory.GetGrain<ICounterGrain>(key).WhereAmI();

    public Task Refuse(int code) => throw new SpeakerException("refused", code);

    public Task WaitFor(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    public Task RemindEverySecond() => this.RegisterOrUpdateReminder("tick", TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    public Task<int> Ticks() => Task.FromResult(_ticks);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _ticks++;
        return Task.CompletedTask;
    }
}
