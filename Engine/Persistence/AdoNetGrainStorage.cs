using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Configuration
{
    /// <summary>Grain storage in PostgreSQL.</summary>
    public class AdoNetGrainStorageOptions
    {
        public const string DEFAULT_ADONET_INVARIANT = "Microsoft.Data.SqlClient";

        public string? ConnectionString { get; set; }

        /// <summary>Used instead of the connection string; whoever made it disposes of it.</summary>
        public DbDataSource? DataSource { get; set; }

        /// <summary>True: a state that is cleared leaves no row. False: its row stays, without a payload, and its version goes on.</summary>
        public bool DeleteStateOnClear { get; set; }

        /// <summary>The embedded engine knows <c>Npgsql</c>.</summary>
        public string Invariant { get; set; } = DEFAULT_ADONET_INVARIANT;
    }
}

namespace Orleans.Storage
{
    /// <summary>States as JSON in the table OrleansStorage; the ETag is the row's version.</summary>
    sealed class AdoNetGrainStorage(string name, AdoNetGrainStorageOptions options, string serviceId, Node node) : IGrainStorage
    {
        readonly OrleansDatabase _database = OrleansDatabase.Of($"Grain storage {name}", options.ConnectionString, options.DataSource, options.Invariant);

        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var (payload, version) = await Read(stateName, grainId);
            grainState.RecordExists = payload is not null;
            grainState.ETag = version?.ToString(CultureInfo.InvariantCulture);
            grainState.State = payload is null ? New<T>() : FromBytes<T>(payload) ?? New<T>();
        }

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            var expected = VersionOf(grainState.ETag);
            var version = (await _database.Query("WriteToStorageKey", FirstNumber, CancellationToken.None,
                [.. Key(stateName, grainId), ("GrainStateVersion", expected), ("PayloadBinary", JsonSerializer.SerializeToUtf8Bytes(grainState.State, WireJson.Options))])).FirstOrDefault();
            if (version is null || version == expected)
            {
                throw await Stale(stateName, grainId, grainState.ETag);
            }

            grainState.ETag = version.Value.ToString(CultureInfo.InvariantCulture);
            grainState.RecordExists = true;
        }

        public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            if (VersionOf(grainState.ETag) is { } expected)
            {
                var version = (await _database.Query(options.DeleteStateOnClear ? "DeleteStorageKey" : "ClearStorageKey", FirstNumber, CancellationToken.None,
                    [.. Key(stateName, grainId), ("GrainStateVersion", expected)])).FirstOrDefault() ?? throw await Stale(stateName, grainId, grainState.ETag);
                grainState.ETag = options.DeleteStateOnClear ? null : version.ToString(CultureInfo.InvariantCulture);
            }
            else if ((await Read(stateName, grainId)).Version is not null)
            {
                throw await Stale(stateName, grainId, null);
            }

            grainState.RecordExists = false;
            grainState.State = New<T>();
        }

        async Task<(byte[]? Payload, int? Version)> Read(string stateName, GrainId grainId) => (await _database.Query(
            "ReadFromStorageKey",
            static row => (row.IsDBNull(0) ? null : row.GetFieldValue<byte[]>(0), row.IsDBNull(2) ? (int?)null : row.GetInt32(2)),
            CancellationToken.None, Key(stateName, grainId))).FirstOrDefault();

        async Task<InconsistentStateException> Stale(string stateName, GrainId grainId, string? current) => new(
            $"Version conflict: state {stateName} of {grainId} was written by another activation.",
            (await Read(stateName, grainId)).Version?.ToString(CultureInfo.InvariantCulture), current);

        T? FromBytes<T>(byte[] payload)
        {
            Reading.Node = node;
            try
            {
                return JsonSerializer.Deserialize<T>(payload, WireJson.Options);
            }
            finally
            {
                Reading.Node = null;
            }
        }

        (string, object?)[] Key(string stateName, GrainId grainId)
        {
            var type = $"{stateName},{grainId.Type}";
            var key = grainId.Key.ToString();
            return
            [
                ("GrainIdHash", Hash(key!)), ("GrainIdN0", 0L), ("GrainIdN1", 0L), ("GrainTypeHash", Hash(type)), ("GrainTypeString", type),
                ("GrainIdExtensionString", key), ("ServiceId", serviceId)
            ];
        }

        static int? FirstNumber(DbDataReader row) => row.IsDBNull(0) ? null : row.GetInt32(0);

        static int? VersionOf(string? eTag) => eTag is null ? null : int.Parse(eTag, CultureInfo.InvariantCulture);

        static int Hash(string text) => (int)StableHash.Of(Encoding.UTF8.GetBytes(text));

        static T? New<T>() => typeof(T).IsValueType ? default : Activator.CreateInstance<T>();
    }
}
