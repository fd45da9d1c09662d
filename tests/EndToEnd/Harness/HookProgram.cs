using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tributary.EndToEnd.Harness;

/// <summary>The program at the other end of hooks: decides as the test says, and keeps what it heard.</summary>
sealed class HookProgram : IAsyncDisposable
{
    readonly Channel<JsonElement> _heard = Channel.CreateUnbounded<JsonElement>();
    WebApplication? _app;
    int _count;

    public int Port { get; } = FreePorts.Next();

    public string Url => $"http://127.0.0.1:{Port}/hook";

    public int Count => Volatile.Read(ref _count);

    /// <summary>The status of the answer to a request.</summary>
    public Func<JsonElement, Task<int>> Decide { get; set; } = static _ => Task.FromResult(200);

    public static async Task<HookProgram> Start()
    {
        var program = new HookProgram();
        await program.StartAgain();
        return program;
    }

    public async Task StartAgain()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{Port}");
        _app = builder.Build();
        _app.Run(Handle);
        await _app.StartAsync();
    }

    /// <summary>Ends it: its port refuses connections.</summary>
    public async Task Stop()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.DisposeAsync();
        }
    }

    /// <summary>The next request that is such.</summary>
    public async Task<JsonElement> Hears(string what, Func<JsonElement, bool> such)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var others = new List<string>();
        while (true)
        {
            JsonElement next;
            try
            {
                next = await _heard.Reader.ReadAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"the hook did not hear {what}; it heard {string.Join(", ", others)}");
            }

            others.Add(next.ToString());
            if (such(next))
            {
                return next;
            }
        }
    }

    public async ValueTask DisposeAsync() => await Stop();

    async Task Handle(HttpContext context)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        Interlocked.Increment(ref _count);
        _heard.Writer.TryWrite(body);
        context.Response.StatusCode = await Decide(body);
        await context.Response.WriteAsync("""{"code": 0}""");
    }
}
