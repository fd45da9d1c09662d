using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Tributary.Gateway;
using Tributary.Grains.Frames;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.ServerNodes;
using Tributary.Grains.Storage;
using Tributary.Ingest.Publishing;
using Tributary.Ingest.Rtmp;
using Tributary.Silo;

// One process, all roles: encoders come in by RTMP, grains decide, players are served by HTTP.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
var server = builder.Configuration.Get<ServerOptions>() ?? new ServerOptions();

using var data = DataFolder.TryOpen(server.Data, out var problem);
if (data is null)
{
    Console.Error.WriteLine(problem);
    return 2;
}

// 1. The grains.
builder.UseOrleans(silo =>
{
    silo.UseLocalhostClustering(server.Silo.Port, server.Silo.GatewayPort, serviceId: "tributary", clusterId: "tributary");
    silo.Configure<SiloOptions>(options => options.SiloName = server.Node.NameOrDefault);
    silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(5));
    silo.AddFileGrainStorage(Path.Combine(data.Path, "grains"));
});

// 2. What every host has: a name, frame streams, a clock.
var services = builder.Services;
services.AddSingleton(TimeProvider.System);
services.AddSingleton(new NodeIdentity(server.Node.NameOrDefault, $"{server.Node.Host}:{server.Frames.Port}"));
services.AddFrameStreams(builder.Configuration);
services.AddOptions<LiveStreamOptions>().Bind(builder.Configuration.GetSection("Live"))
    .Validate(LiveStreamOptions.IsValid, "Live: durations must be positive, PartDuration not above SegmentDuration, NumbersReserved at least 4.")
    .ValidateOnStart();

// 3. Ways in and ways out.
services.AddPublishing(builder.Configuration);
services.AddRtmpIngest(builder.Configuration);
services.AddGateway(builder.Configuration);
services.AddHostedService<NodeHeartbeat>();
services.AddSingleton(server);
services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(15));
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(IPAddress.Any, server.Http.Port);
    kestrel.ListenRtmp();
});

var app = builder.Build();
app.MapGateway();
try
{
    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException exception)
{
    foreach (var failure in exception.Failures)
    {
        Console.Error.WriteLine($"Configuration: {failure}");
    }

    return 2;
}
catch (IOException exception)
{
    Console.Error.WriteLine($"Cannot start: {exception.Message}");
    return 2;
}
