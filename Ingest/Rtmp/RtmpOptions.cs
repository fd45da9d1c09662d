using Tributary.Protocols.Rtmp;

namespace Tributary.Ingest.Rtmp;

/// <summary>How encoders come in by RTMP ("Ingest:Rtmp").</summary>
public sealed class RtmpOptions
{
    /// <summary>TCP port of plain RTMP on every address; 0: not offered.</summary>
    public int Port { get; set; } = 1935;

    /// <summary>TCP port of RTMP over TLS on every address, offered where a certificate is configured; 0: not offered.</summary>
    public int TlsPort { get; set; } = 1936;

    /// <summary>
    /// PEM file with the certificate and, behind it, the intermediate ones. Read again when it changes, without a restart.
    /// </summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file with the certificate's private key; empty: it is in <see cref="CertificatePath"/>.</summary>
    public string KeyPath { get; set; } = "";

    /// <summary>PKCS #12 file with certificate and key, instead of the two PEM files.</summary>
    public string PfxPath { get; set; } = "";

    /// <summary>Password of <see cref="PfxPath"/>.</summary>
    public string PfxPassword { get; set; } = "";

    /// <summary>How long a peer may take for TLS, and again for the RTMP handshake.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer may be connected without publishing anything.</summary>
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a publishing encoder may send nothing.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a refused encoder may take to read why.</summary>
    public TimeSpan FarewellTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Connections at the same time.</summary>
    public int MaxConnections { get; set; } = 4_000;

    /// <summary>Connections at the same time from one address.</summary>
    public int MaxConnectionsPerAddress { get; set; } = 500;

    /// <summary>Bytes of one message of an admitted publisher: of its largest key frame.</summary>
    public int MaxMessageBytes { get; set; } = RtmpLimits.Default.MaxMessageBytes;

    /// <summary>Chunk streams of one connection.</summary>
    public int MaxChunkStreams { get; set; } = RtmpLimits.Default.MaxChunkStreams;

    /// <summary>Bytes held for unfinished messages of one connection.</summary>
    public int MaxPendingBytes { get; set; } = RtmpLimits.Default.MaxPendingBytes;

    /// <summary>Whether a certificate is configured, and with it RTMP over TLS.</summary>
    public bool HasCertificate => CertificatePath.Length > 0 || PfxPath.Length > 0;

    internal RtmpLimits Limits => new()
    {
        MaxMessageBytes = MaxMessageBytes,
        MaxChunkStreams = MaxChunkStreams,
        MaxPendingBytes = MaxPendingBytes,
    };
}
