using Orleans.Storage;
using Tributary.Grains.Storage;

namespace Tributary.Unit.Storage;

/// <summary>Keys as the storage of Orleans for ADO.NET takes them apart: a GUID with what follows a plus, a number with it, or a text.</summary>
public sealed class DistinctKeysTest
{
    [Theory]
    [InlineData("1", "01")]
    [InlineData("1", "0000000000000001")]
    [InlineData("1", "00000000000000000000000000000001")]
    [InlineData("CAFE", "cafe")]
    [InlineData("cafe", "0cafe")]
    [InlineData("FFFFFFFFFFFFFFFF", "ffffffffffffffff")]
    [InlineData("0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("1+news", "01+news")]
    [InlineData("0+news", "news")]
    [InlineData("01", "~01")]
    [InlineData("~01", "~~01")]
    public void Two_keys_have_two_rows(string one, string other)
    {
        Assert.NotEqual(Row(DistinctKeys.Stored(Stream(one))), Row(DistinctKeys.Stored(Stream(other))));
    }

    [Fact]
    public void Without_it_they_would_share_one()
    {
        Assert.Equal(Row(Stream("1")), Row(Stream("01")));
        Assert.Equal(Row(Stream("cafe")), Row(Stream("CAFE")));
        Assert.Equal(Row(Stream("0+news")), Row(Stream("news")));
    }

    [Theory]
    [InlineData("news")]
    [InlineData("0_ab12cd34")]
    [InlineData("0")]
    [InlineData("1F")]
    [InlineData("camera-1")]
    public void Ordinary_names_and_numbers_are_stored_as_they_are(string key) => Assert.Equal(Stream(key), DistinctKeys.Stored(Stream(key)));

    // Few letters, so that many look alike.
    [Fact]
    public void No_two_keys_share_a_row()
    {
        IEnumerable<string> keys = [""];
        for (var length = 0; length < 4; length++)
        {
            keys = [.. keys, .. keys.SelectMany(key => "01aA+~g".Select(letter => key + letter))];
        }

        string[] all = [.. keys.Distinct().Where(key => key.Length > 0)];
        Assert.Equal(2_800, all.Length);
        Assert.Equal(all.Length, all.Select(key => Row(DistinctKeys.Stored(Stream(key)))).Distinct().Count());
    }

    [Fact]
    public async Task What_is_written_is_read_and_cleared_under_the_same_id()
    {
        var rows = new Rows();
        var storage = new DistinctKeys(rows);

        await storage.WriteStateAsync("s", Stream("01"), new GrainState());
        await storage.ReadStateAsync("s", Stream("01"), new GrainState());
        await storage.ClearStateAsync("s", Stream("01"), new GrainState());

        Assert.Equal(["write ~01", "read ~01", "clear ~01"], rows.Seen);
    }

    static GrainId Stream(string key) => GrainId.Create("livestream", key);

    static (Guid, long, string?) Row(GrainId id) =>
        id.TryGetGuidKey(out var guid, out var extension) ? Columns(guid, extension)
        : id.TryGetIntegerKey(out var number, out extension) ? (Guid.Empty, number, extension)
        : (Guid.Empty, 0, id.Key.ToString());

    // A GUID fills both columns, a number the second one.
    static (Guid, long, string?) Columns(Guid guid, string? extension)
    {
        var text = guid.ToString("N");
        return text.StartsWith("0000000000000000", StringComparison.Ordinal)
            ? (Guid.Empty, Convert.ToInt64(text[16..], 16), extension)
            : (guid, 0, extension);
    }

    sealed class Rows : IGrainStorage
    {
        public List<string> Seen { get; } = [];

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Saw("read", grainId);

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Saw("write", grainId);

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Saw("clear", grainId);

        Task Saw(string what, GrainId grainId)
        {
            Seen.Add($"{what} {grainId.Key}");
            return Task.CompletedTask;
        }
    }

    sealed class GrainState : IGrainState<string>
    {
        public string? ETag { get; set; }

        public bool RecordExists { get; set; }

        public string? State { get; set; }
    }
}
