using Tributary.Grains.Platform.Model;

namespace Tributary.Grains.KLive;

/// <summary>
/// The platform as a media server calls it: in this process (<see cref="OwnPlatform"/>), or another cluster's over HTTP
/// (<see cref="Remote.RemotePlatform"/>). Throws <see cref="PlatformException"/> for what the platform refuses, and anything else where it does not answer.
/// </summary>
public interface IPlatformClient
{
    /// <param name="service">Name of the service, as in its URL.</param>
    /// <param name="action">Name of the action.</param>
    /// <param name="partner">The partner for whom it is called; 0: for nobody in particular.</param>
    /// <param name="parameters">By name, untyped.</param>
    Task<PlatformObject> Call(string service, string action, int partner, RawMap parameters);

    /// <summary>Whether encoders of an entry that is deleted there have been sent away by then; else a media server has to find out.</summary>
    bool SendsEncodersAway { get; }

    /// <summary>Folder in which a file has to be for <see cref="Give"/>.</summary>
    string Outbox { get; }

    /// <summary>
    /// Gives the platform a file of the outbox, and answers the resource by which calls name it: the same one however often the same file is given, so that
    /// it is taken once.
    /// </summary>
    Task<RawMap> Give(int partner, string path, CancellationToken cancellation);

    /// <summary>The platform has taken the file: nothing of it stays in the outbox.</summary>
    void Forget(string path);
}
