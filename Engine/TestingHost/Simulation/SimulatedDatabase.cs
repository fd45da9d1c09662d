using System.Data.Common;
using System.Globalization;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.TestingHost.Simulation;

/// <summary>
/// The database of a simulated world: the membership table, the directory's rows and the states of grains, each statement one step. It may be away for one
/// machine or for all, be slow, and take a statement whose answer is lost. Ours, not part of the Orleans API.
/// </summary>
public sealed class SimulatedDatabase
{
    /// <summary>The name of its machine, for partitions.</summary>
    public const string Machine = "database";

    static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(5);
    readonly SimulatedWorld _world;
    readonly SortedDictionary<string, MemberRow> _members = new(StringComparer.Ordinal);
    readonly Dictionary<string, (GrainAddress Holder, long Epoch)> _activations = [];
    readonly Dictionary<string, (object State, long Version)> _states = [];
    int _version;
    long _epoch;

    internal SimulatedDatabase(SimulatedWorld world) => _world = world;

    /// <summary>Nobody is served.</summary>
    public bool IsAway { get; set; }

    /// <summary>What a statement takes besides the way there and back.</summary>
    public TimeSpan Slowness { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How often, of a thousand, a statement is carried out and its answer never arrives.</summary>
    public int LostAnswersPerMille { get; set; }

    /// <summary>A mistake on purpose: states are written whatever version the writer knows.</summary>
    public bool IgnoresVersions { get; set; }

    /// <summary>A mistake on purpose: whoever wants a directory row gets it.</summary>
    public bool GivesAnyRow { get; set; }

    /// <summary>Statements carried out, by kind.</summary>
    public SortedDictionary<string, long> Statements { get; } = new(StringComparer.Ordinal);

    /// <summary>Told of every state that was written: which, the writer (one object per activation), the version, the state.</summary>
    public Action<SimulatedWrite> Written { get; set; } = static _ => { };

    /// <summary>Told of every directory row that changed hands: the grain, the silo, the row's epoch.</summary>
    public Action<GrainId, SiloAddress, long> Taken { get; set; } = static (_, _, _) => { };

    /// <summary>Told of every silo that is dead in the table now.</summary>
    public Action<SiloAddress> Died { get; set; } = static _ => { };

    /// <summary>The state as it is stored; null where there is none.</summary>
    public T? StateOf<T>(string stateName, GrainId grain) where T : class => _states.TryGetValue($"{stateName}/{grain}", out var record) ? (T)record.State : null;

    internal IMembershipTable Members(SimulatedProcess process) => new MemberTable(this, process);

    internal IActivationRows Activations(SimulatedProcess process) => new DirectoryRows(this, process);

    internal IGrainStorage Storage(SimulatedProcess process) => new StateStorage(this, process);

    // There, the statement, and back; whatever is in the way of that is a time-out, and then nobody knows whether the statement was carried out.
    async Task<T> Ask<T>(SimulatedProcess process, string kind, Func<T> statement, CancellationToken cancellationToken = default)
    {
        var answer = Completion.Source<T>();
        _world.After(_world.Network.NextDelay() + _world.Chance(TimeSpan.Zero, Slowness), () =>
        {
            if (_world.Network.IsCut(process.Machine, Machine) || !process.IsAlive)
            {
                return;
            }

            if (IsAway)
            {
                Reply(() => answer.TrySetException(new DatabaseAwayException("the server does not listen")));
                return;
            }

            Statements[kind] = Statements.GetValueOrDefault(kind) + 1;
            try
            {
                var result = statement();
                Reply(() => answer.TrySetResult(result));
            }
            catch (Exception exception)
            {
                Reply(() => answer.TrySetException(exception));
            }
        });
        try
        {
            return await answer.Task.WaitAsync(CommandTimeout, process.Clock, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new DatabaseAwayException(exception.Message);
        }

        void Reply(Action reply)
        {
            if (LostAnswersPerMille == 0 || _world.Random.Next(1000) >= LostAnswersPerMille)
            {
                _world.After(_world.Network.NextDelay(), () =>
                {
                    if (!_world.Network.IsCut(Machine, process.Machine))
                    {
                        process.Post(reply);
                    }
                });
            }
        }
    }

    sealed class DatabaseAwayException(string why) : DbException($"The database does not answer: {why}");

    sealed class MemberTable(SimulatedDatabase database, SimulatedProcess process) : IMembershipTable
    {
        public Task Begin(CancellationToken cancellationToken) => database.Ask(process, "members begin", () => true, cancellationToken);

        public Task<MembershipRows> Read(CancellationToken cancellationToken) => database.Ask(
            process, "members read", () => new MembershipRows(database._version, [.. database._members.Values]), cancellationToken);

        public Task<bool> Insert(MemberRow row, int version, CancellationToken cancellationToken) => database.Ask(process, "members write", () =>
            version == database._version && !database._members.ContainsKey(row.Silo.ToParsableString()) && Put(row), cancellationToken);

        public Task<bool> Update(MemberRow row, int version, CancellationToken cancellationToken) => database.Ask(process, "members write", () =>
            version == database._version && database._members.ContainsKey(row.Silo.ToParsableString()) && Put(row), cancellationToken);

        public Task UpdateIAmAlive(SiloAddress silo, DateTime time, CancellationToken cancellationToken) => database.Ask(process, "members alive", () =>
        {
            var key = silo.ToParsableString();
            if (database._members.TryGetValue(key, out var row))
            {
                database._members[key] = row with { IAmAliveTime = time };
            }

            return true;
        }, cancellationToken);

        public Task Cleanup(DateTime before, CancellationToken cancellationToken) => database.Ask(process, "members cleanup", () =>
        {
            foreach (var row in database._members.Values.Where(r => r.Status != SiloStatus.Active && r.IAmAliveTime < before).ToList())
            {
                database._members.Remove(row.Silo.ToParsableString());
            }

            return true;
        }, cancellationToken);

        bool Put(MemberRow row)
        {
            database._version++;
            var key = row.Silo.ToParsableString();
            var died = row.Status == SiloStatus.Dead && database._members.TryGetValue(key, out var old) && old.Status != SiloStatus.Dead;
            database._members[key] = row;
            if (died)
            {
                database.Died(row.Silo);
            }

            return true;
        }
    }

    sealed class DirectoryRows(SimulatedDatabase database, SimulatedProcess process) : IActivationRows
    {
        public Task<GrainAddress?> Find(GrainId grainId) => database.Ask(
            process, "directory find", () => database._activations.TryGetValue(grainId.ToString(), out var row) ? row.Holder : null);

        public Task<bool> TryTake(GrainAddress address, GrainAddress? previous) => database.Ask(process, "directory take", () =>
        {
            var silo = address.SiloAddress!;
            var key = address.GrainId.ToString();
            var isMember = StatusOf(silo) is >= SiloStatus.Joining and <= SiloStatus.Stopping;
            var isFree = !database._activations.TryGetValue(key, out var held) || held.Holder.ActivationId == previous?.ActivationId
                || held.Holder.SiloAddress!.Equals(silo) || StatusOf(held.Holder.SiloAddress!) is null or SiloStatus.Dead;
            if (!isMember || (!isFree && !database.GivesAnyRow))
            {
                return false;
            }

            database._activations[key] = (address, ++database._epoch);
            database.Taken(address.GrainId, silo, database._epoch);
            return true;
        });

        public Task Remove(GrainAddress address) => database.Ask(process, "directory remove", () =>
        {
            var key = address.GrainId.ToString();
            return database._activations.TryGetValue(key, out var held) && held.Holder.ActivationId == address.ActivationId && database._activations.Remove(key);
        });

        public Task RemoveAllOf(SiloAddress silo) => database.Ask(process, "directory remove", () =>
        {
            foreach (var (key, _) in database._activations.Where(a => silo.Equals(a.Value.Holder.SiloAddress)).ToList())
            {
                database._activations.Remove(key);
            }

            return true;
        });

        SiloStatus? StatusOf(SiloAddress silo) => database._members.TryGetValue(silo.ToParsableString(), out var row) ? row.Status : null;
    }

    sealed class StateStorage(SimulatedDatabase database, SimulatedProcess process) : IGrainStorage
    {
        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var (state, version) = await database.Ask(process, "state read", () => database._states.GetValueOrDefault($"{stateName}/{grainId}"));
            grainState.RecordExists = state is not null;
            grainState.ETag = state is null ? null : version.ToString(CultureInfo.InvariantCulture);
            grainState.State = state is null ? Activator.CreateInstance<T>() : ValueCopier.CopyOf((T)state);
        }

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var copy = ValueCopier.CopyOf(grainState.State)!;
            var known = grainState.ETag;
            grainState.ETag = await database.Ask(process, $"state write {stateName}", () =>
            {
                var key = $"{stateName}/{grainId}";
                var stored = database._states.TryGetValue(key, out var record) ? record.Version.ToString(CultureInfo.InvariantCulture) : null;
                if (stored != known && !database.IgnoresVersions)
                {
                    throw new InconsistentStateException($"Version conflict: state {stateName} of {grainId} was written by another activation.", stored, known);
                }

                database._states[key] = (copy, record.Version + 1);
                database.Written(new SimulatedWrite(stateName, grainId, process, grainState, record.Version + 1, copy));
                return (record.Version + 1).ToString(CultureInfo.InvariantCulture);
            });
            grainState.RecordExists = true;
        }

        public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            await database.Ask(process, "state clear", () => database._states.Remove($"{stateName}/{grainId}"));
            (grainState.ETag, grainState.RecordExists, grainState.State) = (null, false, Activator.CreateInstance<T>());
        }
    }
}

/// <summary>One state that was written to the database of a simulated world.</summary>
/// <param name="Writer">The same object for all writes of one activation.</param>
public sealed record SimulatedWrite(string StateName, GrainId Grain, SimulatedProcess Process, object Writer, long Version, object State);
