using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Orleans.Serialization;
using Orleans.Storage;

namespace Tributary.Unit.Engine.Network;

public sealed class WireJsonTests
{
    static readonly JsonSerializerOptions Json = WireJson.Options;

    [Fact]
    public void A_record_keeps_its_fields_its_runtime_type_and_what_its_base_holds()
    {
        Shape shape = new Circle("round", 3) { Center = (1, 2), Tags = ["a", "b"] };
        var copy = Assert.IsType<Circle>(Copy(shape));
        Assert.Equal("round", copy.Name);
        Assert.Equal(3, copy.Radius);
        Assert.Equal((1, 2), copy.Center);
        Assert.Equal(["a", "b"], copy.Tags);
    }

    [Fact]
    public void A_class_without_setters_is_read_as_it_was()
    {
        var tick = new TickStatus(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), TimeSpan.FromMinutes(1), new DateTime(2026, 1, 2, 3, 5, 5, DateTimeKind.Utc));
        var copy = Copy(tick);
        Assert.Equal(tick.FirstTickTime, copy.FirstTickTime);
        Assert.Equal(tick.Period, copy.Period);
        Assert.Equal(tick.CurrentTickTime, copy.CurrentTickTime);
    }

    [Fact]
    public void Ids_addresses_and_collections_are_read_as_they_were()
    {
        var silo = SiloAddress.New(IPAddress.Parse("10.0.0.1"), 11111, 5);
        var grain = GrainId.Create("type", "a/b c");
        Assert.Equal(silo, Copy(silo));
        Assert.Equal(grain, Copy(grain));
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 80), Copy(new IPEndPoint(IPAddress.IPv6Loopback, 80)));
        Assert.Equal(7, Copy(new Dictionary<GrainId, int> { [grain] = 7 })[grain]);
        Assert.True(Copy(ImmutableArray.Create(1, 2)).SequenceEqual([1, 2]));
        Assert.Equal(double.PositiveInfinity, Copy(double.PositiveInfinity));
        Assert.Null(Copy<int?>(null));
    }

    [Fact]
    public void A_value_of_unknown_type_brings_its_type()
    {
        Assert.Equal(5, Copy<object>(5));
        Assert.Equal(5L, Copy<object>(5L));
        Assert.Equal("x", Copy<object>("x"));
        Assert.IsType<Circle>(Copy<object>(new Circle("o", 1)));
    }

    [Fact]
    public void What_is_no_message_is_neither_written_nor_read_by_its_name()
    {
        Assert.Throws<CodecNotFoundException>(() => JsonSerializer.Serialize<object>(new FileInfo("/etc/passwd"), Json));
        var forged = $"[{JsonSerializer.Serialize(typeof(FileInfo).AssemblyQualifiedName)}, {{}}]";
        Assert.Throws<SerializerException>(() => JsonSerializer.Deserialize<object>(forged, Json));
        var derived = $"{{\"$type\": {JsonSerializer.Serialize(typeof(FileInfo).AssemblyQualifiedName)}}}";
        Assert.Throws<SerializerException>(() => JsonSerializer.Deserialize<Shape>(derived, Json));
    }

    [Fact]
    public void An_exception_of_the_system_keeps_type_message_stack_and_cause()
    {
        var copy = Assert.IsType<InvalidOperationException>(Copy<Exception>(Thrown(new InvalidOperationException("outer", new TimeoutException("inner")))));
        Assert.Equal("outer", copy.Message);
        Assert.Equal("inner", Assert.IsType<TimeoutException>(copy.InnerException).Message);
        Assert.Contains(nameof(Thrown), copy.StackTrace);
    }

    [Fact]
    public void An_exception_with_fields_keeps_them_and_has_left_its_activation()
    {
        var copy = Assert.IsType<InconsistentStateException>(Copy<Exception>(new InconsistentStateException("conflict", "2", "1")));
        Assert.Equal("conflict", copy.Message);
        Assert.Equal("2", copy.StoredEtag);
        Assert.Equal("1", copy.CurrentEtag);
        Assert.False(copy.IsSourceActivation);
    }

    [Fact]
    public void An_exception_that_is_not_known_here_becomes_one_that_names_it()
    {
        var copy = JsonSerializer.Deserialize<Exception>("{\"type\": \"Elsewhere.OddException, Elsewhere\", \"message\": \"odd\"}", Json)!;
        Assert.Equal("Elsewhere.OddException: odd", copy.Message);
    }

    [Fact]
    public void Bytes_are_out_of_line_in_a_message_and_in_the_text_elsewhere()
    {
        Assert.Equal("\"AQID\"", JsonSerializer.Serialize(new byte[] { 1, 2, 3 }, Json));
        Attachments.Current = [];
        try
        {
            Assert.Equal("0", JsonSerializer.Serialize(new byte[] { 1, 2, 3 }, Json));
            Assert.Equal([1, 2, 3], JsonSerializer.Deserialize<byte[]>("0", Json)!);
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<byte[]>("1", Json));
        }
        finally
        {
            Attachments.Current = null;
        }
    }

    static T Copy<T>(T value) => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value, Json), Json)!;

    static Exception Thrown(Exception exception)
    {
        try
        {
            throw exception;
        }
        catch (Exception caught)
        {
            return caught;
        }
    }

    [GenerateSerializer]
    public abstract record Shape([property: Id(0)] string Name);

    [GenerateSerializer]
    public sealed record Circle(string Name, [property: Id(0)] int Radius) : Shape(Name)
    {
        [Id(1)]
        public (int X, int Y) Center { get; init; }

        [Id(2)]
        public List<string> Tags { get; init; } = [];
    }
}
