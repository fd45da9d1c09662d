using Tributary.EndToEnd.Harness;

namespace Tributary.Cluster.Faults;

/// <summary>An encoder as broadcasters run it: when its connection ends it connects again after a second, to the next address that it was given.</summary>
sealed class Encoder : IAsyncDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource _ending = new();
    readonly string[] _addresses;
    readonly string _media;
    readonly Task _running;
    ChildProcess? _life;

    Encoder(string media, string[] addresses)
    {
        (_media, _addresses) = (media, addresses);
        _running = Run();
    }

    /// <summary>How often it has connected.</summary>
    public int Lives { get; private set; }

    /// <summary>Publishes until disposed; one address: always there, as OBS does.</summary>
    public static async Task<Encoder> Publish(string stream, params ServerNode[] ingests) =>
        new(await SourceMedia.Long, [.. ingests.Select(ingest => ingest.Rtmp(stream))]);

    /// <summary>Its cable is pulled: the process stands still with its connection open.</summary>
    public void Stall() => _life!.Signal("STOP");

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
    }

    async Task Run()
    {
        while (!_ending.IsCancellationRequested)
        {
            await using var life = _life = Ffmpeg.Publish(_media, _addresses[Lives++ % _addresses.Length]);
            try
            {
                await life.Exit.WaitAsync(_ending.Token);
                await Task.Delay(Pause, _ending.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
