namespace Tributary.EndToEnd.Harness;

/// <summary>
/// The server of all tests that do it no harm: started when first needed, ended with the test process. Each test uses stream names of its own.
/// </summary>
static class SharedServer
{
    static readonly Lazy<Task<ServerProcess>> Server = new(StartOnce);

    public static Task<ServerProcess> Get() => Server.Value;

    static async Task<ServerProcess> StartOnce()
    {
        var server = await ServerProcess.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Crash().GetAwaiter().GetResult();
        return server;
    }
}
