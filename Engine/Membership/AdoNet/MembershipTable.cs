using System.Data.Common;
using System.Globalization;
using System.Net;

namespace Orleans.Runtime;

/// <summary>One silo's row. A suspicion names who suspects, and since when.</summary>
sealed record MemberRow(
    SiloAddress Silo, string Name, string HostName, SiloStatus Status, int ProxyPort, IReadOnlyList<Suspicion> Suspicions, DateTime StartTime, DateTime IAmAliveTime);

sealed record Suspicion(SiloAddress By, DateTime At);

/// <summary>All rows at one version. A write names the version that it is based on, and fails when there is a newer one.</summary>
sealed record MembershipRows(int Version, IReadOnlyList<MemberRow> Rows)
{
    public MemberRow? Of(SiloAddress silo) => Rows.FirstOrDefault(r => r.Silo.Equals(silo));
}

/// <summary>Where silos find each other.</summary>
interface IMembershipTable
{
    /// <summary>Makes the cluster known, if it is not yet.</summary>
    Task Begin(CancellationToken cancellationToken);

    Task<MembershipRows> Read(CancellationToken cancellationToken);

    Task<bool> Insert(MemberRow row, int version, CancellationToken cancellationToken);

    Task<bool> Update(MemberRow row, int version, CancellationToken cancellationToken);

    Task UpdateIAmAlive(SiloAddress silo, DateTime time, CancellationToken cancellationToken);

    /// <summary>Removes rows of silos that are not active and were last alive before that time.</summary>
    Task Cleanup(DateTime before, CancellationToken cancellationToken);
}

/// <summary>The membership tables of Orleans in PostgreSQL.</summary>
sealed class MembershipTable(OrleansDatabase database, string clusterId) : IMembershipTable
{
    const string DateFormat = "yyyy-MM-dd HH:mm:ss.fff 'GMT'";

    public Task Begin(CancellationToken cancellationToken) =>
        database.Query("InsertMembershipVersionKey", static _ => 0, cancellationToken, ("DeploymentId", clusterId));

    public async Task<MembershipRows> Read(CancellationToken cancellationToken)
    {
        var rows = await database.Query("MembershipReadAllKey", ReadRow, cancellationToken, ("DeploymentId", clusterId));
        return new MembershipRows(rows.Count == 0 ? 0 : rows[0].Version, [.. rows.Where(r => r.Row is not null).Select(r => r.Row!)]);
    }

    public Task<bool> Insert(MemberRow row, int version, CancellationToken cancellationToken) => Write(
        "InsertMembershipKey", row, cancellationToken,
        ("SiloName", row.Name), ("HostName", row.HostName), ("Status", (int)row.Status), ("ProxyPort", row.ProxyPort), ("StartTime", row.StartTime),
        ("IAmAliveTime", row.IAmAliveTime), ("Version", version));

    public Task<bool> Update(MemberRow row, int version, CancellationToken cancellationToken) => Write(
        "UpdateMembershipKey", row, cancellationToken,
        ("Status", (int)row.Status), ("SuspectTimes", Text(row.Suspicions)), ("IAmAliveTime", row.IAmAliveTime), ("Version", version));

    public Task UpdateIAmAlive(SiloAddress silo, DateTime time, CancellationToken cancellationToken) => database.Query(
        "UpdateIAmAlivetimeKey", static _ => 0, cancellationToken, [.. Key(silo), ("IAmAliveTime", time)]);

    public Task Cleanup(DateTime before, CancellationToken cancellationToken) => database.Query(
        "CleanupDefunctSiloEntriesKey", static _ => 0, cancellationToken, ("DeploymentId", clusterId), ("IAmAliveTime", before));

    async Task<bool> Write(string key, MemberRow row, CancellationToken cancellationToken, params (string, object?)[] values) =>
        (await database.Query(key, static r => r.GetInt32(0), cancellationToken, [.. Key(row.Silo), .. values])).FirstOrDefault() > 0;

    (string, object?)[] Key(SiloAddress silo) =>
        [("DeploymentId", clusterId), ("Address", silo.Endpoint.Address.ToString()), ("Port", silo.Endpoint.Port), ("Generation", silo.Generation)];

    static (int Version, MemberRow? Row) ReadRow(DbDataReader reader)
    {
        var version = reader.GetInt32(reader.GetOrdinal("Version"));
        if (reader.IsDBNull(reader.GetOrdinal("StartTime")))
        {
            return (version, null);
        }

        var silo = SiloAddress.New(IPAddress.Parse(Text("Address")), Number("Port"), Number("Generation"));
        var suspicions = reader.IsDBNull(reader.GetOrdinal("SuspectTimes")) ? [] : Suspicions(Text("SuspectTimes"));
        return (version, new MemberRow(
            silo, Text("SiloName"), Text("HostName"), (SiloStatus)Number("Status"), reader.IsDBNull(reader.GetOrdinal("ProxyPort")) ? 0 : Number("ProxyPort"),
            suspicions, Time("StartTime"), Time("IAmAliveTime")));

        string Text(string column) => reader.GetString(reader.GetOrdinal(column));
        int Number(string column) => reader.GetInt32(reader.GetOrdinal(column));
        DateTime Time(string column) => reader.GetDateTime(reader.GetOrdinal(column)).ToUniversalTime();
    }

    static Suspicion[] Suspicions(string text) =>
    [
        .. text.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split(',')).Where(part => part.Length == 2 && SiloAddress.TryParse(part[0], out _))
            .Select(part => new Suspicion(
                SiloAddress.Parse(part[0]),
                DateTime.ParseExact(part[1], DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal)))
    ];

    static string? Text(IReadOnlyList<Suspicion> suspicions) => suspicions.Count == 0 ? null
        : string.Join('|', suspicions.Select(s => $"{s.By.ToParsableString()},{s.At.ToString(DateFormat, CultureInfo.InvariantCulture)}"));
}
