using Orleans.TestingHost.Simulation;
using Tributary.Grains.LiveStreams;
using Tributary.Media.Frames;

namespace Tributary.Cluster.Simulation;

/// <summary>Watches a simulated cluster and notes what must never happen.</summary>
sealed class Judge
{
    readonly SimulatedWorld _world;
    readonly Dictionary<(string Stream, long Msn), (OpenSegment Segment, string By)> _listed = [];
    readonly Dictionary<string, Newest> _states = [];
    readonly Dictionary<string, (object Writer, HashSet<object> Gone)> _writers = [];
    readonly Dictionary<(string Stream, long Epoch), Guid> _leases = [];
    readonly Dictionary<string, long> _rows = [];
    int _sessions;

    public Judge(SimulatedWorld world)
    {
        _world = world;
        world.Database.Written = Written;
        world.Database.Taken = Taken;
        world.Database.Died = silo => world.Log($"{silo} is dead in the table");
    }

    public List<string> Violations { get; } = [];

    /// <summary>Segments that gateways listed, over all gateways.</summary>
    public long Listings { get; private set; }

    /// <summary>Directory rows and leases that changed hands.</summary>
    public long Takeovers { get; private set; }

    public int NewSession(string stream)
    {
        _world.Log($"session {++_sessions} of {stream}");
        return _sessions;
    }

    /// <summary>A gateway lists a segment: every gateway that ever lists this number lists this content.</summary>
    public void Listed(string stream, string gateway, OpenSegment segment)
    {
        Listings++;
        _world.Log($"{gateway} lists {stream} {segment.Msn}: {segment.First.Session}/{segment.First.Number}-{segment.Last.Number}");
        if (!_listed.TryAdd((stream, segment.Msn), (segment, gateway)) && _listed[(stream, segment.Msn)] is var known && known.Segment != segment)
        {
            Violated($"{stream}: number {segment.Msn} is {Text(known.Segment)} at {known.By} and {Text(segment)} at {gateway}");
        }
    }

    /// <summary>A gateway gets a frame for a number that it has listed or under an epoch that is over: harmless when it is what it has.</summary>
    public void Late(string stream, string gateway, SegmentMark segment, Content content)
    {
        if (_listed.TryGetValue((stream, segment.Msn), out var known) && known.Segment.First.Session != content.Session && segment.Epoch >= EpochOf(stream))
        {
            Violated($"{stream}: number {segment.Msn}, {Text(known.Segment)} at {known.By}, comes to {gateway} again from session {content.Session} under epoch {segment.Epoch}");
        }
    }

    public void Violated(string what)
    {
        _world.Log($"VIOLATED {what}");
        Violations.Add(what);
    }

    long EpochOf(string stream) => _states.TryGetValue(stream, out var state) ? state.Epoch : 0;

    static string Text(OpenSegment segment) => $"session {segment.First.Session} frames {segment.First.Number}-{segment.Last.Number}";

    void Taken(GrainId grain, SiloAddress silo, long epoch)
    {
        Takeovers++;
        var key = grain.ToString();
        _world.Log($"{key} is taken by {silo} under {epoch}");
        if (_rows.TryGetValue(key, out var before) && before >= epoch)
        {
            Violated($"{key}: the directory's epoch fell from {before} to {epoch}");
        }

        _rows[key] = epoch;
    }

    void Written(SimulatedWrite write)
    {
        var key = $"{write.StateName}/{write.Grain}";
        OneWriter(key, write);
        if (write.State is LiveStreamState state)
        {
            _world.Log($"{key} v{write.Version} by {write.Process.Name}: {state.State} epoch {state.Epoch} reserved {state.ReservedMsn}");
            Rises(write.Grain.Key.ToString()!, write.Process.Name, state);
        }
    }

    // Once another activation has written, an earlier one writes no more.
    void OneWriter(string key, SimulatedWrite write)
    {
        if (!_writers.TryGetValue(key, out var known))
        {
            _writers[key] = (write.Writer, []);
        }
        else if (!ReferenceEquals(known.Writer, write.Writer))
        {
            if (known.Gone.Contains(write.Writer))
            {
                Violated($"{key}: {write.Process.Name} writes again after another activation has written");
            }

            known.Gone.Add(known.Writer);
            _writers[key] = (write.Writer, known.Gone);
        }
    }

    // What a stream has promised outlives every process: epochs and versions rise, and one epoch has one holder.
    void Rises(string stream, string by, LiveStreamState state)
    {
        var before = _states.GetValueOrDefault(stream);
        if (state.Epoch < before.Epoch || state.Version < before.Version)
        {
            Violated($"{stream}: {by} writes epoch {state.Epoch} version {state.Version} after epoch {before.Epoch} version {before.Version}");
        }

        if (state.OnAir is { } holder && _leases.TryGetValue((stream, state.Epoch), out var session) && session != holder.Session)
        {
            Violated($"{stream}: epoch {state.Epoch} has two holders");
        }

        if (state.OnAir is { } now)
        {
            _leases[(stream, state.Epoch)] = now.Session;
        }

        _states[stream] = new Newest(state.Epoch, state.Version);
    }

    readonly record struct Newest(long Epoch, long Version);
}
