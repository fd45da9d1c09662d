using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// One connection after its handshake: frames go out in the order in which they were given, and come in one by one. What waits to be sent is bounded; when the
/// bound is reached a frame is not taken.
/// </summary>
interface IConnection : IDisposable
{
    /// <summary>Over when the connection is closed, by whichever end.</summary>
    Task Closed { get; }

    bool TrySend(byte[] frame);

    /// <summary>Closes once everything that was given has been sent.</summary>
    void Finish();

    /// <summary>Moves frames both ways until the connection is closed; <paramref name="received"/> is given one frame at a time and must not block.</summary>
    Task Run(int longest, Action<FrameType, ReadOnlySequence<byte>> received);
}

/// <summary>How connections between nodes are made.</summary>
interface ITransport
{
    /// <summary>
    /// Connects and shakes hands. Fails with a <see cref="System.Net.Sockets.SocketException"/> where nobody listens, with a
    /// <see cref="ConnectionRefusedException"/> where somebody does who does not want it.
    /// </summary>
    Task<IConnection> Dial(Dialling call, CancellationToken cancellationToken);

    /// <summary>Accepts connections until the result is disposed.</summary>
    IDisposable Listen(Door door, ILogger log);

    /// <summary>Whether the address is this machine's: that nobody listens there is certain then, no network lies in between that could pretend so.</summary>
    bool IsHere(IPAddress address);
}

/// <summary>Who calls whom, where, and what for.</summary>
sealed record Dialling(ClusterIdentity Cluster, SiloAddress From, SiloAddress To, IPEndPoint Endpoint, ConnectionPurpose Purpose, string Client);

/// <summary>What a listening node tells its transport. <see cref="Refusal"/> says why a caller is not wanted, or null.</summary>
sealed record Door(
    ClusterIdentity Cluster, SiloAddress Self, IPEndPoint Endpoint, TimeSpan HandshakeTimeout, Func<Hello, string?> Refusal, Func<Hello, IConnection, Task> Accepted);
