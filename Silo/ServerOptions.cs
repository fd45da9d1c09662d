namespace Tributary.Silo;

/// <summary>What concerns the process as a whole; bound from the root of the configuration.</summary>
public sealed class ServerOptions
{
    /// <summary>The folder below which everything is written.</summary>
    public string Data { get; set; } = "data";

    /// <summary>A folder with a file per option that must be in no environment, e.g. <c>Cluster__Secret</c>; empty: systemd's $CREDENTIALS_DIRECTORY.</summary>
    public string Secrets { get; set; } = "";

    public NodeOptions Node { get; set; } = new();

    public HttpOptions Http { get; set; } = new();

    public SiloPorts Silo { get; set; } = new();

    public FramePorts Frames { get; set; } = new();

    public ClusterSettings Cluster { get; set; } = new();
}

/// <summary>Who this process is and what it does ("Node").</summary>
public sealed class NodeOptions
{
    /// <summary>Unique in the cluster and the same after a restart; empty: the machine's name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Host name or address under which other nodes reach this one.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>What this process does: any of silo, ingest, gateway; none named: all three.</summary>
    public string[] Roles { get; set; } = [];

    /// <summary>
    /// How long a node that drains (SIGTERM, or the command of the operations API) may take to hand over streams, pulls and viewers. What is left then
    /// is ended. A second SIGTERM ends the process at once.
    /// </summary>
    public TimeSpan DrainDeadline { get; set; } = TimeSpan.FromSeconds(30);

    public string NameOrDefault => Name.Length > 0 ? Name : Environment.MachineName.ToLowerInvariant();

    public string[] RolesOrDefault => Roles.Length > 0 ? Roles : All;

    public static string[] All { get; } = ["silo", "ingest", "gateway"];

    public bool Is(string role) => RolesOrDefault.Contains(role, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Pages, playlists, segments, API and metrics ("Http").</summary>
public sealed class HttpOptions
{
    /// <summary>TCP port: HTTP/1.1.</summary>
    public int Port { get; set; } = 8080;

    /// <summary>
    /// Where viewers reach this node, as other gateways may redirect them to it: <c>https://edge-1.example</c>. Empty: <c>http://</c> with Node:Host and
    /// the port.
    /// </summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>TCP port for HTTP/2 without TLS, by prior knowledge, as proxies and tests speak it; 0: none.</summary>
    public int Http2Port { get; set; }

    /// <summary>TCP port for HTTP/2 and HTTP/1.1 over TLS, which Apple's players want for low latency; 0: none.</summary>
    public int TlsPort { get; set; }

    /// <summary>Certificate for TLS with its chain, as PEM; a renewed file is taken up within a minute.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>Its private key, as PEM; empty: in the same file.</summary>
    public string KeyPath { get; set; } = "";
}

/// <summary>How silos reach each other ("Silo").</summary>
public sealed class SiloPorts
{
    /// <summary>Port on which silos talk to each other.</summary>
    public int Port { get; set; } = 11_111;

    /// <summary>Port on which processes that host no grains reach this silo.</summary>
    public int GatewayPort { get; set; } = 30_000;
}

/// <summary>Where other hosts fetch the frames of streams that are published here ("Frames").</summary>
public sealed class FramePorts
{
    /// <summary>TCP port of the frame link.</summary>
    public int Port { get; set; } = 11_200;
}

/// <summary>How processes find each other ("Cluster").</summary>
public sealed class ClusterSettings
{
    /// <summary>PostgreSQL that holds membership and grain state (Npgsql's connection string); empty: this process is the whole cluster.</summary>
    public string Database { get; set; } = "";

    /// <summary>What all processes of the cluster know and nobody else: without it no process talks to another, nor gives it frames.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Name of the cluster within that database.</summary>
    public string Id { get; set; } = "tributary";

    public ClusterTlsOptions Tls { get; set; } = new();
}

/// <summary>
/// TLS between processes ("Cluster:Tls"), on all of them or on none: between silos, from other nodes to silos, and on frame links where
/// "Frames:Link:Tls" names no other certificate. Both ends show a certificate of the cluster's own authority, whatever name is on it.
/// </summary>
public sealed class ClusterTlsOptions
{
    /// <summary>
    /// PEM file with this node's certificate, for use as server and as client; on all nodes or on none. Empty: what nodes say to each other is plain, but for
    /// frame links that have a certificate of their own. Between silos a new one counts from the next start on.
    /// </summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>PEM file with the certificate's private key; empty: it is in <see cref="CertificatePath"/>.</summary>
    public string KeyPath { get; set; } = "";

    /// <summary>PEM file with the authority whose certificates are accepted. It has to have signed them itself, without one between.</summary>
    public string AuthorityPath { get; set; } = "";

    /// <summary>Whether processes use TLS among them.</summary>
    internal bool IsOn => CertificatePath.Length > 0;
}
