using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tributary.Unit.Access;

/// <summary>What a hook was sent.</summary>
sealed record HookCall(string Body, IHeaderDictionary Headers)
{
    public string this[string field] => System.Text.Json.JsonDocument.Parse(Body).RootElement.GetProperty(field).ToString();
}

/// <summary>A program at the other end of hooks, on a port of its own.</summary>
sealed class HookServer : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Channel<HookCall> _calls = Channel.CreateUnbounded<HookCall>();
    int _count;

    HookServer(WebApplication app) => _app = app;

    public string Url => $"{_app.Urls.First()}/hook";

    /// <summary>Requests so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>What it answers; by default that all is well in every shape.</summary>
    public Func<HookCall, Task<(int Status, string Body)>> Answer { get; set; } = static _ => Task.FromResult((200, """{"code": 0}"""));

    public static async Task<HookServer> Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new HookServer(app);
        app.Run(server.Handle);
        await app.StartAsync();
        return server;
    }

    /// <summary>The next call.</summary>
    public async Task<HookCall> Next()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _calls.Reader.ReadAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    async Task Handle(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var call = new HookCall(await reader.ReadToEndAsync(), new HeaderDictionary(new Dictionary<string, Microsoft.Extensions.Primitives.StringValues>(context.Request.Headers)));
        Interlocked.Increment(ref _count);
        _calls.Writer.TryWrite(call);
        var (status, body) = await Answer(call);
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body);
    }
}
