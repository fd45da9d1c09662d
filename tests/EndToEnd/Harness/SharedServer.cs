namespace Tributary.EndToEnd.Harness;

/// <summary>
/// The server of all tests that do it no harm: started when first needed, ended with the test process. Each test uses stream names of its own.
/// </summary>
static class SharedServer
{
    static readonly Lazy<Task<ServerProcess>> Server = new(() => ServerProcess.Start());

    public static Task<ServerProcess> Get() => Server.Value;
}
