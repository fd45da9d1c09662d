using System.Net;

namespace Orleans.Runtime;

/// <summary>
/// The rows of the directory: one per activation, with an epoch that grows with every new holder. Whatever fails because the rows cannot be reached throws a
/// <see cref="System.Data.Common.DbException"/> or a <see cref="TimeoutException"/>; then it is not known whether it was done.
/// </summary>
interface IActivationRows
{
    Task<GrainAddress?> Find(GrainId grainId);

    /// <summary>
    /// Makes the activation the holder of its grain's row, in one step: when there is no row, when the holder's silo is dead or gone from the membership table, when
    /// the row is of an earlier life on the same silo, or of <paramref name="previous"/>, which moved here. False when another holds it, or this silo is no member.
    /// </summary>
    Task<bool> TryTake(GrainAddress address, GrainAddress? previous);

    /// <summary>Removes the row if the activation still holds it.</summary>
    Task Remove(GrainAddress address);

    Task RemoveAllOf(SiloAddress silo);
}

/// <summary>The table TributaryActivations in PostgreSQL.</summary>
sealed class ActivationRows(OrleansDatabase database, string clusterId) : IActivationRows
{
    const string RegisterText = """
        INSERT INTO TributaryActivations AS held (ClusterId, GrainId, Activation, Address, Port, Generation, Epoch)
        SELECT @ClusterId, @GrainId, @Activation, @Address, @Port, @Generation, nextval('TributaryActivationEpoch')
        WHERE EXISTS (
            SELECT 1 FROM OrleansMembershipTable AS me
            WHERE me.DeploymentId = @ClusterId AND me.Address = @Address AND me.Port = @Port AND me.Generation = @Generation AND me.Status BETWEEN 2 AND 5)
        ON CONFLICT (ClusterId, GrainId) DO UPDATE
        SET Activation = excluded.Activation, Address = excluded.Address, Port = excluded.Port, Generation = excluded.Generation, Epoch = excluded.Epoch
        WHERE held.Activation = @Previous
            OR (held.Address = @Address AND held.Port = @Port AND held.Generation = @Generation)
            OR NOT EXISTS (
                SELECT 1 FROM OrleansMembershipTable AS holder
                WHERE holder.DeploymentId = @ClusterId AND holder.Address = held.Address AND holder.Port = held.Port AND holder.Generation = held.Generation
                    AND holder.Status <> 6)
        RETURNING Epoch
        """;

    const string LookupText = "SELECT Activation, Address, Port, Generation FROM TributaryActivations WHERE ClusterId = @ClusterId AND GrainId = @GrainId";

    const string UnregisterText =
        "DELETE FROM TributaryActivations WHERE ClusterId = @ClusterId AND GrainId = @GrainId AND Activation = @Activation RETURNING 1";

    const string ForgetText =
        "DELETE FROM TributaryActivations WHERE ClusterId = @ClusterId AND Address = @Address AND Port = @Port AND Generation = @Generation RETURNING 1";

    public async Task<GrainAddress?> Find(GrainId grainId) => (await database.Run(LookupText, reader => new GrainAddress
    {
        GrainId = grainId,
        ActivationId = ActivationId.FromParsableString(reader.GetString(0)),
        SiloAddress = SiloAddress.New(IPAddress.Parse(reader.GetString(1)), reader.GetInt32(2), reader.GetInt32(3))
    }, CancellationToken.None, ("ClusterId", clusterId), ("GrainId", grainId.ToString()))).FirstOrDefault();

    public async Task<bool> TryTake(GrainAddress address, GrainAddress? previous) => (await database.Run(
        RegisterText, static r => r.GetInt64(0), CancellationToken.None,
        [
            .. Key(address.SiloAddress!), ("GrainId", address.GrainId.ToString()), ("Activation", address.ActivationId.ToString()),
            ("Previous", previous?.ActivationId.ToString() ?? "")
        ])).Count > 0;

    public Task Remove(GrainAddress address) => database.Run(UnregisterText, static _ => 0, CancellationToken.None,
        ("ClusterId", clusterId), ("GrainId", address.GrainId.ToString()), ("Activation", address.ActivationId.ToString()));

    public Task RemoveAllOf(SiloAddress silo) => database.Run(ForgetText, static _ => 0, CancellationToken.None, Key(silo));

    (string, object?)[] Key(SiloAddress silo) =>
        [("ClusterId", clusterId), ("Address", silo.Endpoint.Address.ToString()), ("Port", silo.Endpoint.Port), ("Generation", silo.Generation)];
}
