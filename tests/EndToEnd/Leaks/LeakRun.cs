using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Tributary.EndToEnd.Harness;

namespace Tributary.EndToEnd.Leaks;

/// <summary>
/// Viewers and encoders come and go in rounds. After each round all is over, and what the server then holds is read: what grows from round to round
/// is a leak. The first round is not counted: it fills what is kept for good.
/// </summary>
sealed class LeakRun(int pid, HttpClient http, int httpPort, int rtmpPort, string media)
{
    const string Open = "leak-open", Protected = "leak-protected";
    const int AtOnce = 8, Lanes = 4;

    static readonly TimeSpan Soon = TimeSpan.FromSeconds(60), RetryAfter = TimeSpan.FromMilliseconds(20);

    readonly ShortSessions _sessions = new(httpPort, rtmpPort);
    IReadOnlyList<FlvTag> _tags = [];

    /// <summary>What the server must be started with: one of two streams has tokens and tickets, and what lingers does so briefly.</summary>
    public static Dictionary<string, string> Settings => new()
    {
        ["Access__Rules__0__Streams"] = Protected,
        ["Access__Rules__0__Mode"] = "Protected",
        ["Access__Tokens__Keys__one"] = "the secret of the tests of leaks",
        ["Access__Sessions__Idle"] = "00:00:01",
        ["Gateway__Hls__Linger"] = "00:00:02",
        ["Gateway__Streaming__Linger"] = "00:00:01",
        ["Live__Hold"] = "00:00:01",
        ["Live__SegmentDuration"] = "00:00:01",
        ["Logging__LogLevel__Default"] = "Warning",
    };

    /// <summary>Sessions of viewers that got what they came for, and publications that went on the air.</summary>
    public int Served => _sessions.Served;

    public int Published => _published;

    int _published;

    /// <summary>One round; comes back when all of it is over.</summary>
    public async Task<ServerHoldings> Round(int sessions, int reconnects)
    {
        _tags = _tags.Count > 0 ? _tags : await FlvFile.Read(media);
        var (publish, play) = (await Token("publish"), await Token("play"));
        using var ending = new CancellationTokenSource();
        var feeding = new[] { Feed(Open, ending.Token), Feed(Protected + publish, ending.Token) };
        await Eventually.IsTrue("both streams play", Soon, async () => await Plays(Open) && await Plays(Protected, play));
        await Task.WhenAll(
            _sessions.Run(sessions, AtOnce, (Open, ""), (Protected, play)),
            Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Task.Run(() => Reconnect("leak-lane-" + lane, reconnects / Lanes)))));
        await ending.CancelAsync();
        await Task.WhenAll(feeding);
        var left = "";
        try
        {
            await Eventually.IsTrue("all is over", Soon, async () => (left = await ServerHoldings.StillThere(http)).Length == 0);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}: {left}", timeout);
        }

        return await ServerHoldings.Of(pid, http);
    }

    // An encoder that loses its connection again and again, half of the time without a word.
    async Task Reconnect(string stream, int times)
    {
        for (var time = 0; time < times; time++)
        {
            await using var publisher = await Connect(stream);
            Interlocked.Increment(ref _published);
            await publisher.Play(_tags.Take(40), speed: 1_000);
            await (time % 2 == 0 ? publisher.Stop() : Task.CompletedTask);
        }
    }

    // Where the server has not seen yet that its former connection is gone, it tries again as encoders do.
    Task<RtmpPublisher> Connect(string stream) => Eventually.Get($"{stream} is on air", Soon, async () =>
    {
        var publisher = await RtmpPublisher.Connect(rtmpPort, stream);
        if (publisher.IsOnAir)
        {
            return publisher;
        }

        await publisher.DisposeAsync();
        return publisher.Refusal.Contains("already being published", StringComparison.Ordinal)
            ? null
            : throw new InvalidOperationException($"{stream}: {publisher.Refusal}");
    }, RetryAfter);

    // The file over and over, in real time.
    async Task Feed(string stream, CancellationToken ending)
    {
        await using var publisher = await Connect(stream);
        var length = _tags[^1].Timestamp + 21;
        try
        {
            for (uint turn = 0; !ending.IsCancellationRequested; turn++)
            {
                var shift = turn * length;
                await publisher.Play(turn == 0 ? _tags : _tags.Where(static tag => !tag.IsConfiguration), tag => tag.Timestamp + shift, cancellation: ending);
            }
        }
        catch (OperationCanceledException)
        {
            await publisher.Stop();
        }
    }

    async Task<bool> Plays(string stream, string query = "")
    {
        using var answer = await http.GetAsync($"/live/{stream}/index-v1.m3u8{query}");
        return answer.IsSuccessStatusCode;
    }

    async Task<string> Token(string action)
    {
        using var content = new StringContent($$"""{"action": "{{action}}", "seconds": 3600}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync($"/api/v1/streams/{Protected}/tokens", content);
        return "?token=" + (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
    }
}
