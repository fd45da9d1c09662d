using Tributary.Grains.ServerNodes;

namespace Tributary.Silo.Systemd;

/// <summary>
/// Whether this process is alive, which is less than ready: its own HTTP answers, so its threads run and its sockets accept; and a call to a grain
/// ends. On a silo that grain is in this process, so it has to answer; elsewhere "nobody there" is an answer as well, because pictures go on
/// without silos. Neither needs PostgreSQL.
/// </summary>
sealed class SelfCheck(IGrainFactory grains, ServerOptions options) : IDisposable
{
    readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{options.Http.Port}") };

    /// <summary>Null where it is alive, else what did not answer within the time.</summary>
    public async Task<string?> Run(TimeSpan within, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(within, time);
        return await Http(deadline.Token) ?? await Grain(deadline.Token);
    }

    async Task<string?> Http(CancellationToken cancellation)
    {
        try
        {
            using var answer = await _http.GetAsync("/livez", cancellation);
            return answer.IsSuccessStatusCode ? null : $"/livez answers {(int)answer.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return $"/livez does not answer ({exception.Message})";
        }
    }

    async Task<string?> Grain(CancellationToken cancellation)
    {
        try
        {
            await grains.GetGrain<IPulseGrain>(0).Beat().WaitAsync(cancellation);
            return null;
        }
        catch (OperationCanceledException)
        {
            return "a call to a grain does not end";
        }
        catch (Exception exception)
        {
            return options.Node.Is("silo") && exception is TimeoutException ? "a grain of this silo does not answer" : null;
        }
    }

    public void Dispose() => _http.Dispose();
}
