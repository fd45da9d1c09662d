namespace Tributary.Silo;

/// <summary>
/// <c>tributary health [PATH]</c>: asks the process that was started with the same configuration how it does, for places that have no curl, such as a
/// container. The exit code is 0 where the answer is 200.
/// </summary>
static class HealthProbe
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static async Task<int> Run(string[] arguments)
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true).AddEnvironmentVariables().Build();
        var options = configuration.Get<ServerOptions>() ?? new ServerOptions();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync($"http://127.0.0.1:{options.Http.Port}{(arguments is [var path, ..] ? path : "/livez")}");
            Console.Write(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            Console.Error.WriteLine($"Port {options.Http.Port} does not answer: {exception.Message}");
            return 1;
        }
    }
}
