using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams;
using Tributary.Grains.Frames.Links;

namespace Tributary.Grains.Frames;

/// <summary>
/// The stream provider "frames": media beside the grains. It is found by <c>GetStreamProvider("frames")</c> in grains and clients alike, and it
/// never stores, never polls and never passes a grain.
/// </summary>
public sealed class FrameStreamProvider(FrameChannels channels) : IStreamProvider
{
    public const string ProviderName = "frames";

    public string Name => ProviderName;

    public bool IsRewindable => true;

    public IAsyncStream<T> GetStream<T>(StreamId streamId) =>
        new FrameStream(streamId, channels) as IAsyncStream<T>
        ?? throw new NotSupportedException($"The provider \"frames\" carries {nameof(FrameBatch)}, not {typeof(T).Name}.");
}

public static class FrameStreamHosting
{
    /// <summary>The id under which a live stream's frames travel.</summary>
    public static StreamId FramesOf(string stream) => StreamId.Create(FrameStreamProvider.ProviderName, stream);

    /// <summary>Registers the provider "frames" for a silo or a client host.</summary>
    public static IServiceCollection AddFrameStreams(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<FrameChannelOptions>().Bind(configuration.GetSection("Frames"))
            .Validate(options => options.Window > TimeSpan.Zero && options.MaxBytes > 0 && options.MaxStreams > 0,
                "Frames: Window, MaxBytes and MaxStreams must be positive.")
            .ValidateOnStart();
        services.AddOptions<FrameLinkOptions>().Bind(configuration.GetSection("Frames:Link"))
            .Validate(options => options.HandshakeTimeout > TimeSpan.Zero && options.Credit >= 1_024 * 1_024 && options.MaxSubscriptions > 0
                && options.ReconnectDelay > TimeSpan.Zero && options.MaxReconnectDelay >= options.ReconnectDelay,
                "Frames:Link: timeouts and delays must be positive, Credit at least 1 MiB.")
            .Validate(options => options.Tls.IsOn || options.Tls.KeyPath.Length + options.Tls.AuthorityPath.Length == 0,
                "Frames:Link:Tls: KeyPath and AuthorityPath need CertificatePath.")
            .Validate(options => options.Tls.AuthorityPath.Length == 0 || File.Exists(options.Tls.AuthorityPath),
                "Frames:Link:Tls: AuthorityPath names no file.")
            .ValidateOnStart();
        services.AddSingleton<FrameMetrics>();
        services.AddSingleton<LinkTls>();
        services.AddSingleton<FrameFeeds>();
        services.AddSingleton<FrameLinkListener>();
        services.AddSingleton<FrameChannels>();
        services.AddKeyedSingleton<IStreamProvider>(FrameStreamProvider.ProviderName,
            (provider, _) => new FrameStreamProvider(provider.GetRequiredService<FrameChannels>()));
        return services;
    }
}
