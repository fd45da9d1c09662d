using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Gateway.Rtmp;
using Tributary.Grains.ServerNodes;

namespace Tributary.Gateway.Streaming;

public static class StreamingHosting
{
    /// <summary>Registers long-lived viewers over HTTP and RTMP.</summary>
    public static IServiceCollection AddStreaming(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<StreamingOptions>().Bind(configuration.GetSection("Gateway:Streaming"))
            .Validate(StreamingOptions.IsValid, "Gateway:Streaming: Merge is 0 to 350 ms, Writers 0 to 256, limits and times positive.")
            .ValidateOnStart();
        services.AddOptions<RtmpPlayOptions>().Bind(configuration.GetSection("Gateway:Rtmp"))
            .Validate(RtmpPlayOptions.IsValid, "Gateway:Rtmp: Port is a number from 0 (off) to 65535, limits and times positive.")
            .ValidateOnStart();
        services.AddSingleton<StreamingMetrics>();
        services.AddSingleton<StreamingViewers>();
        services.AddHostedService(provider => provider.GetRequiredService<StreamingViewers>());
        services.AddSingleton<IDrainedWork, StreamingHandover>();
        services.AddSingleton<FirstRequest>();
        services.AddSingleton<StreamingEndpoint>();
        services.AddSingleton<RtmpPlayback>();
        services.AddSingleton<RtmpPlayListener>();
        return services;
    }

    /// <summary>Takes first requests for endless responses off HTTP's hands (<see cref="FirstRequest"/>); for plain HTTP, before it.</summary>
    public static ListenOptions UseStreaming(this ListenOptions listen)
    {
        var first = listen.ApplicationServices.GetRequiredService<FirstRequest>();
        listen.Use(next => connection => first.OnConnected(connection, next));
        return listen;
    }

    /// <summary>Lets players of RTMP be served from their sockets; before a handler of RTMP connections, behind TLS.</summary>
    public static ListenOptions UseRtmpOutput(this ListenOptions listen)
    {
        listen.Use(next => async connection =>
        {
            var own = connection.Transport;
            await using var output = DetachableOutput.For(connection);
            connection.Transport = new RtmpTransport(own.Input, output);
            try
            {
                await next(connection);
            }
            finally
            {
                connection.Transport = own;
            }
        });
        return listen;
    }
}
