using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Tributary.Gateway;
using Tributary.Gateway.Api;
using Tributary.Gateway.Health;
using Tributary.Gateway.Live;
using Tributary.Gateway.Recorded;
using Tributary.Gateway.Rtmp;
using Tributary.Gateway.Streaming;
using Tributary.Gateway.Vod;
using Tributary.Grains.Access;
using Tributary.Grains.Frames;
using Tributary.Grains.Frames.Links;
using Tributary.Grains.KLive;
using Tributary.Grains.LiveStreams;
using Tributary.Grains.Platform;
using Tributary.Grains.Recordings;
using Tributary.Grains.ServerNodes;
using Tributary.Ingest.Publishing;
using Tributary.Ingest.Pull;
using Tributary.Ingest.Rtmp;
using Tributary.Media.Timeline;
using Tributary.Silo.Systemd;

namespace Tributary.Silo;

/// <summary>
/// One process in the roles that its configuration names, by default all: encoders come in by RTMP, grains decide, players are served by HTTP.
/// Every process answers HTTP, if only for its health.
/// </summary>
static class Server
{
    /// <summary>Runs until the process is told to stop. The result is the process's exit code.</summary>
    public static async Task<int> Run(string[] args)
    {
        var start = new StartReport();

        // 1. What is configured, and the folder that is ours alone.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        AddSecrets(builder.Configuration);
        var options = builder.Configuration.Get<ServerOptions>() ?? new ServerOptions();
        if (Unknown(builder.Configuration).ToArray() is { Length: > 0 } unknown)
        {
            return Refuse(unknown);
        }

        using var data = DataFolder.TryOpen(options.Data, out var problem);
        if (data is null)
        {
            return Refuse(problem);
        }

        if ((Roles.Problem(options) ?? HttpListeners.Problem(options.Http) ?? ClusterTls.Problem(options.Cluster.Tls)) is { } wrong)
        {
            return Refuse(wrong);
        }

        // 2. The host. A start that fails is told by the caller in a line; the host's own report of it, with its stack, would hide that line.
        ClusterHosting.Add(builder, options, data.Path);
        AddHost(builder, options, data);
        var started = false;
        // They write every request's whole query, or its path, which may hold a session, whatever else an operator wants to see of the framework. With the first
        // one's log goes what each request would be given for it: an activity and a scope, seven hundredths of a small answer's cost in a profile.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Routing.Matching", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => started && level >= LogLevel.Information);
        await using var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            started = true;
            start.Tell(app.Services.GetRequiredService<ILogger<StartReport>>());
        });
        app.MapGateway();
        start.Built();

        // 3. Until SIGTERM.
        await app.RunAsync();
        return 0;
    }

    static void AddHost(WebApplicationBuilder builder, ServerOptions options, DataFolder data)
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddServiceReports();
        services.PostConfigure<ConsoleFormatterOptions>(journal => journal.TimestampFormat = null);   // of "systemd" alone: the journal has its own
        services.AddSingleton(new NodeIdentity(options.Node.NameOrDefault, $"{options.Node.Host}:{options.Frames.Port}"));
        services.AddFrameStreams(configuration);
        services.PostConfigure<FrameLinkOptions>(link => link.Secret = link.Secret.Length > 0 ? link.Secret : options.Cluster.Secret);
        services.AddOptions<LiveStreamOptions>().Bind(configuration.GetSection("Live"))
            .Validate(LiveStreamOptions.IsValid, "Live: durations must be positive, PartDuration not above SegmentDuration, NumbersReserved at least 4.")
            .ValidateOnStart();
        services.AddAccess(configuration);
        services.PostConfigure<AccessOptions>(access => access.Sessions.TicketSecret = TicketSecret.For(access, options, data.Path));
        services.PostConfigure<AccessOptions>(access => access.Delivery.Folder = access.Delivery.Folder.Length > 0 ? access.Delivery.Folder : Path.Combine(data.Path, "hooks"));
        services.AddPublishing(configuration);
        services.AddRtmpIngest(configuration);
        if (options.Node.Is("ingest"))
        {
            services.AddPull(configuration);
        }

        services.AddRecordings(configuration, data.Path);
        if (options.Node.Is("silo"))
        {
            services.AddRecorders(static provider => provider.GetRequiredService<IOptions<HlsOptions>>().Value.SyncPoints);
            services.AddSingleton(RecordersCheck.Of);
        }

        services.AddGateway(configuration);
        if (options.Node.Is("gateway"))
        {
            services.AddWarmUp();
        }

        var hasPlatform = configuration.GetValue("Platform:Enabled", true);
        if (hasPlatform)
        {
            services.AddPlatform(configuration, options.Cluster.Database, data.Path, options.Node.Host);
            services.AddApiV3(configuration);
        }

        if (KLiveHosting.IsMediaServer(configuration, hasPlatform))
        {
            var players = options.Node.Is("gateway") ? $"http://{options.Node.Host}:{options.Http.Port}" : "";
            services.AddKLive(configuration, data.Path, players, ingests: options.Node.Is("ingest"), records: options.Node.Is("silo"));
            if (options.Node.Is("ingest"))
            {
                services.AddDiagnostics();
            }
        }

        if (options.Node.Is("gateway"))
        {
            services.AddSingleton<RtmpPlayer>(provider => provider.GetRequiredService<RtmpPlayback>().Play);   // publishers and players share a port
        }

        services.AddSingleton(ReadinessCheck.Writable("storage", data.Path));
        if (options.Cluster.Database.Length > 0)
        {
            services.AddSingleton(DatabaseCheck.Of(options.Cluster.Database));
        }

        if (options.Node.Is("ingest"))
        {
            services.AddSingleton(provider => ReadinessCheck.Listening(
                "rtmp", provider.GetRequiredService<IOptions<RtmpOptions>>().Value.Port, provider.GetRequiredService<IServer>()));
        }

        services.AddSingleton<NodeDrainer>();
        services.AddHostedService<NodeHeartbeat>();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
        // What a request writes is sent by the thread that wrote it, while it is in its cache: a large body costs a fifth less. None of ours waits for I/O with its thread.
        // And a buffer of 4 kB stands ready for each connection, which saves asking the kernel twice for every request and every message of an encoder.
        builder.WebHost.UseSockets(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.WaitForDataBeforeAllocatingBuffer = false;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenHttp(options.Http);
            if (options.Node.Is("ingest"))
            {
                kestrel.ListenRtmp(options.Node.Is("gateway") ? StreamingHosting.UseRtmpOutput : null);
                ListenForFrameLinks(kestrel, options);
            }
            else if (options.Node.Is("gateway"))
            {
                ListenForPlayers(kestrel);
            }
        });
    }

    // A file per option, named like its environment variable: what systemd, Docker and Kubernetes hand to a process as secrets.
    static void AddSecrets(ConfigurationManager configuration)
    {
        var folder = configuration["Secrets"] is { Length: > 0 } configured ? configured : Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        if (folder is not null)
        {
            configuration.AddKeyPerFile(Path.GetFullPath(folder), optional: true);
        }
    }

    static void ListenForPlayers(KestrelServerOptions kestrel)
    {
        var port = kestrel.ApplicationServices.GetRequiredService<IOptions<RtmpPlayOptions>>().Value.Port;
        if (port > 0)
        {
            kestrel.ListenAnyIP(port, listen => listen.UseRtmpOutput().UseConnectionHandler<RtmpPlayListener>());
        }
    }

    // Without a secret there is nobody to talk to: a single node opens no port for links.
    static void ListenForFrameLinks(KestrelServerOptions kestrel, ServerOptions options)
    {
        if (kestrel.ApplicationServices.GetRequiredService<IOptions<FrameLinkOptions>>().Value.Secret.Length > 0)
        {
            kestrel.ListenAnyIP(options.Frames.Port, listen => listen.UseFrameLinks());
        }
    }

    static IEnumerable<string> Unknown(IConfiguration configuration) =>
    [
        .. UnknownOptions.Find(configuration, "Node", typeof(NodeOptions)),
        .. UnknownOptions.Find(configuration, "Http", typeof(HttpOptions)),
        .. UnknownOptions.Find(configuration, "Silo", typeof(SiloPorts)),
        .. UnknownOptions.Find(configuration, "Frames", typeof(FramePorts), typeof(FrameChannelOptions), typeof(FrameSections)),
        .. UnknownOptions.Find(configuration, "Cluster", typeof(ClusterSettings)),
        .. UnknownOptions.Find(configuration, "Live", typeof(LiveStreamOptions)),
        .. UnknownOptions.Find(configuration, "Publish", typeof(PublishOptions)),
        .. UnknownOptions.Find(configuration, "Pull", typeof(PullOptions)),
        .. UnknownOptions.Find(configuration, "Ingest", typeof(IngestSections)),
        .. UnknownOptions.Find(configuration, "Access", typeof(AccessOptions)),
        .. UnknownOptions.Find(configuration, "Recording", typeof(RecordingOptions)),
        .. UnknownOptions.Find(configuration, "Dvr", typeof(DvrOptions)),
        .. UnknownOptions.Find(configuration, "Api", typeof(ApiOptions)),
        .. UnknownOptions.Find(configuration, "Platform", typeof(PlatformOptions)),
        .. UnknownOptions.Find(configuration, "KLive", typeof(KLiveOptions)),
        .. UnknownOptions.Find(configuration, "Vod", typeof(VodOptions), typeof(VodSections)),
        .. UnknownOptions.Find(configuration, "Gateway", typeof(EdgeOptions), typeof(GatewaySections)),
    ];

    static int Refuse(params string[] lines)
    {
        Array.ForEach(lines, Console.Error.WriteLine);
        return 2;
    }

    // The shapes of sections that hold other sections.
    sealed record IngestSections(RtmpOptions Rtmp, TimelineOptions Timeline);

    sealed record FrameSections(FrameLinkOptions Link);

    // Read by LocationsReader, which tells of every mistake itself.
    sealed record VodSections(string[] Locations, string[] Upstreams);

    sealed record GatewaySections(HlsOptions Hls, StreamingOptions Streaming, RtmpPlayOptions Rtmp, RecordedOptions Recorded);
}
