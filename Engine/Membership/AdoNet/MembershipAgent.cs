using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>
/// One silo's part in the membership: its own row, the votes that it gives, and the latest view. Every change is based on the version that was read and fails
/// when another silo was faster. While the table cannot be reached the view stays as it is, and nobody is declared dead.
/// </summary>
sealed partial class MembershipAgent(IMembershipTable table, ClusterMembershipOptions options, Surroundings around, OwnDeath death, ILogger log)
{
    const int MostAttempts = 20;
    readonly Lock _gate = new();
    MembershipRows _rows = new(-1, []);
    ClusterMembershipSnapshot _snapshot = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, new MembershipVersion(-1));
    Task? _reading;
    Task? _next;
    SiloAddress? _self;
    bool _joined;
    bool _left;
    bool _tableIsAway;

    public ClusterMembershipSnapshot Snapshot => Volatile.Read(ref _snapshot);

    public IReadOnlyList<MemberRow> Rows => Volatile.Read(ref _rows).Rows;

    public bool TableIsAway => _tableIsAway;

    /// <summary>Told of every change of status, in order.</summary>
    public Action<SiloAddress, SiloStatus> Changed { get; set; } = static (_, _) => { };

    /// <summary>This silo wrote: the others are to read.</summary>
    public Action Wrote { get; set; } = static () => { };

    /// <summary>This silo wrote the death of another.</summary>
    public Action<SiloAddress> Buried { get; set; } = static _ => { };

    /// <summary>The highest generation that the table knows of that endpoint, dead or alive; 0 when it knows none.</summary>
    public async Task<int> LastGeneration(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        await table.Begin(cancellationToken);
        var rows = await table.Read(cancellationToken);
        return rows.Rows.Where(r => r.Silo.Endpoint.Equals(endpoint)).Select(r => r.Silo.Generation).DefaultIfEmpty().Max();
    }

    /// <summary>Writes the own row. Rows of earlier silos at the same endpoint are dead by that: their port is ours.</summary>
    public async Task Join(SiloAddress self, string name, int proxyPort, CancellationToken cancellationToken)
    {
        _self = self;
        await Repeat(async rows =>
        {
            if (rows.Rows.FirstOrDefault(r => r.Silo.IsPredecessorOf(self) && r.Status != SiloStatus.Dead) is { } before)
            {
                await table.Update(before with { Status = SiloStatus.Dead }, rows.Version, cancellationToken);
                return false;
            }

            // An insert whose answer was lost: the row is ours all the same.
            if (rows.Of(self) is not null)
            {
                return true;
            }

            var now = Now;
            var row = new MemberRow(self, name, Dns.GetHostName(), SiloStatus.Joining, proxyPort, [], now, now);
            return await table.Insert(row, rows.Version, cancellationToken);
        }, cancellationToken);
        _joined = true;
        await Refresh(cancellationToken);
        Wrote();
    }

    public async Task SetOwnStatus(SiloStatus status, CancellationToken cancellationToken)
    {
        _left |= status == SiloStatus.Dead;
        await Repeat(async rows =>
        {
            var own = rows.Of(_self!);
            if (own is null || own.Status == SiloStatus.Dead)
            {
                Die(own is null ? "its row is gone" : "it was declared dead");
                return true;
            }

            return await table.Update(own with { Status = status, IAmAliveTime = Now }, rows.Version, cancellationToken);
        }, cancellationToken);
        await Refresh(cancellationToken);
        Wrote();
    }

    /// <summary>
    /// This silo finds another unreachable. It is dead when enough silos think so, or when there is proof: then no vote is needed. True when it is dead afterwards.
    /// </summary>
    public async Task<bool> Suspect(SiloAddress silo, bool isProof, string why, CancellationToken cancellationToken)
    {
        var dead = false;
        await Repeat(async rows =>
        {
            // Two that suspect each other must not both die: who is dead already has no vote.
            if (rows.Of(_self!) is not { } own || own.Status == SiloStatus.Dead)
            {
                Die("it was declared dead");
                return true;
            }

            if (rows.Of(silo) is not { } row || row.Status == SiloStatus.Dead)
            {
                dead = true;
                return true;
            }

            var now = Now;
            var votes = row.Suspicions.Where(s => !s.By.Equals(_self) && now - s.At < options.DeathVoteExpirationTimeout && rows.Of(s.By)?.Status == SiloStatus.Active)
                .Append(new Suspicion(_self!, now)).ToArray();
            dead = isProof || votes.Length >= VotesNeeded(rows, silo, now);
            return await table.Update(row with { Suspicions = votes, Status = dead ? SiloStatus.Dead : row.Status }, rows.Version, cancellationToken);
        }, cancellationToken);
        if (dead)
        {
            LogDeclaredDead(log, silo, why);
            Buried(silo);
        }

        await Refresh(cancellationToken);
        Wrote();
        return dead;
    }

    /// <summary>Reads the table, after the reading that may be under way: whoever asks meanwhile shares the next.</summary>
    public Task Refresh(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_reading is { IsCompleted: true })
            {
                (_reading, _next) = (_next, null);
            }

            var reading = _reading is null or { IsCompleted: true } ? _reading = Read() : _next ??= After(_reading);
            return reading.WaitAsync(cancellationToken);
        }

        async Task After(Task before)
        {
            await before;
            await Read();
        }
    }

    async Task Read()
    {
        try
        {
            Apply(await table.Read(CancellationToken.None));
            if (_tableIsAway)
            {
                _tableIsAway = false;
                LogTableIsBack(log);
            }
        }
        catch (Exception exception)
        {
            if (!_tableIsAway)
            {
                _tableIsAway = true;
                LogTableIsAway(log, exception.Message);
            }
        }
    }

    public async Task SayAlive(CancellationToken cancellationToken)
    {
        if (_joined && !_left)
        {
            await table.UpdateIAmAlive(_self!, Now, cancellationToken);
        }
    }

    /// <summary>A row is stale when its silo has not said that it is alive for as long as the options allow.</summary>
    public bool IsStale(MemberRow row) => Now - row.IAmAliveTime > options.IAmAliveTablePublishTimeout * options.NumMissedTableIAmAliveLimit;

    DateTime Now => around.Time.GetUtcNow().UtcDateTime;

    // Silos that nobody has heard of for long have no say, and are not counted.
    int VotesNeeded(MembershipRows rows, SiloAddress silo, DateTime now)
    {
        var active = rows.Rows.Count(r => r.Status == SiloStatus.Active && (r.Silo.Equals(silo) || r.Silo.Equals(_self) || !IsStale(r)));
        return Math.Min(options.NumVotesForDeathDeclaration, (active + 1) / 2);
    }

    async Task Repeat(Func<MembershipRows, Task<bool>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (await change(await table.Read(cancellationToken)))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5 + around.Random.Next(10 * (attempt + 1))), around.Time, cancellationToken);
        }

        throw new OrleansException($"The membership table was changed by others {MostAttempts} times while {_self} wanted to write.");
    }

    void Apply(MembershipRows rows)
    {
        List<(SiloAddress, SiloStatus)> changes;
        lock (_gate)
        {
            if (rows.Version < _rows.Version)
            {
                return;
            }

            var previous = _snapshot;
            Volatile.Write(ref _rows, rows);
            Volatile.Write(ref _snapshot, new ClusterMembershipSnapshot(
                rows.Rows.ToImmutableDictionary(r => r.Silo, r => new ClusterMember(r.Silo, r.Status, r.Name)), new MembershipVersion(rows.Version)));
            changes = [.. _snapshot.CreateUpdate(previous).Changes.Where(c => !previous.Members.TryGetValue(c.SiloAddress, out var old) || old.Status != c.Status)
                .Select(c => (c.SiloAddress, c.Status))];
            foreach (var (silo, status) in changes)
            {
                Changed(silo, status);
            }
        }

        if (_joined && !_left && (rows.Of(_self!) is not { } own || own.Status == SiloStatus.Dead))
        {
            Die("it was declared dead");
        }
    }

    void Die(string why)
    {
        if (_left)
        {
            return;
        }

        _left = true;
        LogOwnDeath(log, _self!, why);
        death.End($"The silo {_self} ends its process: {why} in the membership table.");
    }

    [LoggerMessage(LogLevel.Warning, "The silo {Silo} is declared dead: {Why}")]
    static partial void LogDeclaredDead(ILogger log, SiloAddress silo, string why);

    [LoggerMessage(LogLevel.Critical, "The silo {Silo} ends: {Why}")]
    static partial void LogOwnDeath(ILogger log, SiloAddress silo, string why);

    [LoggerMessage(LogLevel.Warning, "The membership table cannot be read, the last view stays: {Reason}")]
    static partial void LogTableIsAway(ILogger log, string reason);

    [LoggerMessage(LogLevel.Information, "The membership table can be read again")]
    static partial void LogTableIsBack(ILogger log);
}
