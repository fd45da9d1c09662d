namespace Tributary.Grains.Frames.Links;

/// <summary>How frames travel between hosts ("Frames:Link").</summary>
public sealed class FrameLinkOptions
{
    /// <summary>The secret that all hosts of a cluster share; empty: that of the cluster. Without one a host neither offers nor asks for frames.</summary>
    public string Secret { get; set; } = "";

    /// <summary>How long the other end may take to prove that it knows the secret.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Bytes of one stream that may be on their way; over it the stream drops to a key frame for that host alone.</summary>
    public int Credit { get; set; } = 64 * 1_024 * 1_024;

    /// <summary>Streams that one host may follow over one link.</summary>
    public int MaxSubscriptions { get; set; } = 10_000;

    /// <summary>The first pause before a broken link is tried again; doubled up to <see cref="MaxReconnectDelay"/>.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two tries.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(2);
}
