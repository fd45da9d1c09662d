using System.Net;
using Orleans.Runtime;

namespace Orleans.TestingHost.Simulation;

/// <summary>
/// The network of a simulated world, as TCP shows it: what is sent over a connection arrives in order and late, not at all while the way is cut, and a
/// connection that was cut for long is gone. Ours, not part of the Orleans API.
/// </summary>
public sealed partial class SimulatedLinks
{
    static readonly TimeSpan Retransmission = TimeSpan.FromMilliseconds(200);
    readonly SimulatedWorld _world;
    readonly HashSet<(string From, string To)> _cut = [];
    readonly Dictionary<IPEndPoint, (SimulatedProcess Process, Door Door)> _doors = [];

    internal SimulatedLinks(SimulatedWorld world) => _world = world;

    /// <summary>A message is this long under way at least.</summary>
    public TimeSpan LeastDelay { get; set; } = TimeSpan.FromMicroseconds(200);

    /// <summary>A message is this long under way at most.</summary>
    public TimeSpan MostDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How often, of a thousand, a message is lost and sent again by the other end's TCP.</summary>
    public int LossPerMille { get; set; }

    /// <summary>Data that cannot be delivered for this long end their connection.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Bytes that connections have carried.</summary>
    public long Bytes { get; private set; }

    /// <summary>Frames that connections have carried.</summary>
    public long Frames { get; private set; }

    /// <summary>Nothing of one machine arrives at the other; the way back is another matter.</summary>
    public void Cut(string from, string to) => _cut.Add((from, to));

    public void Mend(string from, string to) => _cut.Remove((from, to));

    public void MendAll() => _cut.Clear();

    public bool IsCut(string from, string to) => _cut.Contains((from, to));

    /// <summary>How long the next message is under way.</summary>
    public TimeSpan NextDelay() => _world.Chance(LeastDelay, MostDelay)
        + (LossPerMille > 0 && _world.Random.Next(1000) < LossPerMille ? Retransmission : TimeSpan.Zero);

    /// <summary>A message between processes that is no connection of the engine: it arrives, or, where the way is cut, is lost.</summary>
    public void Tell(SimulatedProcess from, SimulatedProcess to, Action arrives)
    {
        _world.After(NextDelay(), () =>
        {
            if (!IsCut(from.Machine, to.Machine))
            {
                to.Post(arrives);
            }
        });
    }

    internal ITransport Of(SimulatedProcess process) => new Transport(this, process);

    void Carried(int bytes)
    {
        Frames++;
        Bytes += bytes;
    }
}
