namespace Tributary.Grains.Frames.Links;

/// <summary>How frames travel between hosts ("Frames:Link").</summary>
public sealed class FrameLinkOptions
{
    /// <summary>When a stream's source changes hosts: how long the former one's last frames are waited for.</summary>
    public TimeSpan HandOverWait { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The secret that all hosts of a cluster share; empty: that of the cluster. Without one a host neither offers nor asks for frames.</summary>
    public string Secret { get; set; } = "";

    public LinkTlsOptions Tls { get; set; } = new();

    /// <summary>How long the other end may take to prove that it knows the secret.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>A host whose machine answers no probe for this long (whole seconds, at least 2) is gone: the link is opened anew.</summary>
    public TimeSpan PeerTimeout { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>Bytes of one stream that may be on their way; over it the stream drops to a key frame for that host alone.</summary>
    public int Credit { get; set; } = 64 * 1_024 * 1_024;

    /// <summary>Streams that one host may follow over one link.</summary>
    public int MaxSubscriptions { get; set; } = 10_000;

    /// <summary>The first pause before a broken link is tried again; doubled up to <see cref="MaxReconnectDelay"/>.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two tries.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>TLS between hosts ("Frames:Link:Tls"), on all of them or on none. It needs a certificate on each host that is fetched from.</summary>
public sealed class LinkTlsOptions
{
    /// <summary>PEM file with this host's certificate and, behind it, the intermediate ones; empty: no TLS. Read again when it changes, without a restart.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file with the certificate's private key; empty: it is in <see cref="CertificatePath"/>.</summary>
    public string KeyPath { get; set; } = "";

    /// <summary>
    /// PEM file with the cluster's own authority: both ends have to show a certificate of it, whatever name is on it. Empty: any certificate will do,
    /// because the proof of the cluster's secret holds for that very certificate.
    /// </summary>
    public string AuthorityPath { get; set; } = "";

    /// <summary>Whether links use TLS.</summary>
    internal bool IsOn => CertificatePath.Length > 0;
}
