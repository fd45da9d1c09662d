using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Tributary.Grains.Platform.Model;

namespace Tributary.Unit.Platform;

public sealed partial class ModelTests
{
    static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_767_225_600);

    static readonly Binder Binder = new(Schema.Instance, new StoppedClock());

    /// <summary>Named by types that nothing here uses, and described nowhere that we know.</summary>
    static readonly string[] Unknown =
    [
        "ObjectBase", "ESearchScoreFunctionDecayAlgorithm", "ESearchScoreFunctionField", "ESearchScoreFunctionBoostMode", "ESearchScoreFunctionOrigin", "MediaCompositionAlignment", "OverlayShape",
    ];

    [Fact]
    public void Every_type_that_is_named_is_there()
    {
        var schema = Schema.Instance;
        Assert.All(schema.Objects.SelectMany(type => type.Properties), property => AssertKnown(property.Shape));
        Assert.All(schema.Services.SelectMany(service => service.Actions.Values).SelectMany(action => action.Parameters), parameter => AssertKnown(parameter.Shape));

        void AssertKnown(ValueShape shape) => Assert.True(
            shape.Of is "" or "String" or "Object" || Unknown.Contains(shape.Of)
            || (shape.Kind is ValueKind.NumberEnum or ValueKind.TextEnum ? schema.FindEnum(shape.Of) is not null : schema.FindObject(shape.Of) is not null), $"{shape} is not in the schema");
    }

    [Fact]
    public void Types_have_what_their_parents_have()
    {
        var live = Schema.Instance.Object("LiveStreamEntry");
        Assert.True(live.Is("BaseEntry"));
        Assert.False(Schema.Instance.Object("BaseEntry").Is("LiveStreamEntry"));
        Assert.Equal("BaseEntry", live.Find("name")!.DeclaredIn);
        Assert.True(live.Find("id")!.IsReadOnly);
    }

    [Fact]
    public void Errors_that_the_code_names_are_in_the_schema_with_as_many_arguments()
    {
        var folder = Path.Combine(Root(), "Grains/Platform");
        var named = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).SelectMany(file => Code().Matches(File.ReadAllText(file))).ToList();
        Assert.True(named.Count > 80);
        Assert.All(named, match =>
        {
            var type = Schema.Instance.FindError(match.Groups[1].Value);
            Assert.True(type is not null, $"{match.Groups[1].Value} is no error of the schema");
            var without = match.Groups[2].Value == ")";
            Assert.True(!without || type!.Arguments.Any(list => list.Count == 0), $"{type!.Code} needs arguments");
            Assert.True(without || type!.Arguments.Any(list => list.Count > 0), $"{type!.Code} has no arguments");
        });
    }

    [Fact]
    public void An_error_has_its_arguments_by_name_and_in_its_message()
    {
        var error = PlatformException.Of("ENTRY_ID_NOT_FOUND", "0_x");
        Assert.Equal("Entry id \"0_x\" not found", error.Message);
        Assert.Equal([KeyValuePair.Create("ENTRY_ID", "0_x")], error.Arguments);
        Assert.Equal("HOST_NAME", PlatformException.Named("SERVER_NODE_NOT_FOUND", "HOST_NAME", "h").Arguments[0].Key);
        Assert.Equal("SERVER_NODE_ID", PlatformException.Named("SERVER_NODE_NOT_FOUND", "SERVER_NODE_ID", 9).Arguments[0].Key);
    }

    [Fact]
    public void An_object_is_bound_by_its_own_type_where_that_is_below_the_declared_one()
    {
        var bound = Bind("flavorasset", "list", new RawMap { ["filter"] = new RawMap { ["objectType"] = "kalturaLIVEassetfilter", ["entryIdEqual"] = "0_x", ["nonsense"] = 1L } });
        Assert.Equal("LiveAssetFilter", bound.Object("filter")!.Type);
        Assert.Equal("0_x", bound.Object("filter")!.Text("entryIdEqual"));
        Assert.False(bound.Object("filter")!.Names("nonsense"));
    }

    [Theory]
    [InlineData("KalturaContextDataParams")]
    [InlineData("KalturaLiveStreamEntry")]
    [InlineData("")]
    public void Of_an_unrelated_type_the_declared_one_is_used(string type) =>
        Assert.Equal("PlaybackContextOptions", Bind("baseentry", "getPlaybackContext", new RawMap { ["entryId"] = "0_x", ["contextDataParams"] = new RawMap { ["objectType"] = type } }).Object("contextDataParams")!.Type);

    [Fact]
    public void An_abstract_type_needs_a_name() =>
        AssertError("OBJECT_TYPE_ABSTRACT", "KalturaServerNode", "servernode", "add", new RawMap { ["serverNode"] = new RawMap { ["name"] = "x" } });

    [Fact]
    public void What_must_be_there_is_asked_for() => AssertError("MISSING_MANDATORY_PARAMETER", "entryId", "livestream", "get", []);

    [Fact]
    public void A_read_only_property_is_not_taken() => AssertError(
        "PROPERTY_VALIDATION_NOT_UPDATABLE", "KalturaBaseEntry::id", "livestream", "update", new RawMap { ["entryId"] = "0_x", ["liveStreamEntry"] = new RawMap { ["id"] = "0_y" } });

    [Fact]
    public void An_enum_takes_only_its_values() => AssertError(
        "INVALID_ENUM_VALUE", "9", "livestream", "update", new RawMap { ["entryId"] = "0_x", ["liveStreamEntry"] = new RawMap { ["recordStatus"] = 9L } });

    [Fact]
    public void A_scalar_is_no_object() => AssertError("PROPERTY_VALIDATION_WRONG_FORMAT", "liveStreamEntry", "livestream", "update", new RawMap { ["entryId"] = "0_x", ["liveStreamEntry"] = 5L });

    [Theory]
    [InlineData("0")]
    [InlineData(0L)]
    public void Text_enums_and_numbers_are_taken_either_way(object index)
    {
        var bound = Bind("livestream", "unregisterMediaServer", new RawMap { ["entryId"] = "0_x", ["hostname"] = "h", ["mediaServerIndex"] = index });
        Assert.Equal("0", bound["mediaServerIndex"]);
    }

    [Fact]
    public void A_zero_in_a_text_is_left_out() =>
        Assert.Equal("ab", Bind("livestream", "get", new RawMap { ["entryId"] = "a\0b" }).Text("entryId"));

    [Fact]
    public void Defaults_are_those_of_the_schema()
    {
        var bound = Bind("livestream", "registerMediaServer", new RawMap { ["entryId"] = "0_x", ["hostname"] = "h", ["mediaServerIndex"] = "1" });
        Assert.Equal(1, bound.Int("liveEntryStatus"));
        Assert.True(bound.Truth("shouldCreateRecordedEntry"));
        Assert.False(bound.Has("applicationName"));
    }

    [Fact]
    public void Null_leaves_and_a_name_with_null_clears()
    {
        var bound = Bind("livestream", "update", new RawMap { ["entryId"] = "0_x", ["liveStreamEntry"] = new RawMap { ["description"] = null, ["tags__null"] = "" } }).Object("liveStreamEntry")!;
        Assert.False(bound.Names("description"));
        Assert.True(bound.Names("tags") && !bound.Has("tags"));
    }

    [Theory]
    [InlineData(-60L, 1_767_225_540L)]
    [InlineData(60L, 1_767_225_660L)]
    [InlineData(1_700_000_000L, 1_700_000_000L)]
    public void Small_times_are_relative_to_now(long given, long expected) =>
        Assert.Equal(expected, Bind("livereports", "getReport", new RawMap { ["reportType"] = "ENTRY_TOTAL", ["filter"] = new RawMap { ["fromTime"] = given } }).Object("filter")!.Long("fromTime"));

    [Fact]
    public void Maps_with_numbers_for_names_are_lists()
    {
        var streams = new RawMap { ["1"] = new RawMap { ["objectType"] = "KalturaLiveStreamParams", ["bitrate"] = "900" }, ["0"] = new RawMap { ["bitrate"] = "100" } };
        var node = Bind("entryservernode", "update", new RawMap { ["id"] = "5", ["entryServerNode"] = new RawMap { ["objectType"] = "KalturaLiveEntryServerNode", ["streams"] = streams } }).Object("entryServerNode")!;
        Assert.Equal([100, 900], node.Objects("streams").Select(stream => stream.Int("bitrate")));
        var empty = Bind("entryservernode", "update", new RawMap { ["id"] = "5", ["entryServerNode"] = new RawMap { ["objectType"] = "KalturaLiveEntryServerNode", ["streams"] = new RawMap { ["-"] = "" } } }).Object("entryServerNode")!;
        Assert.Empty((List<object?>)empty["streams"]!);
    }

    static PlatformObject Bind(string service, string action, RawMap parameters) =>
        Binder.Parameters(Schema.Instance.FindService(service)!.Actions[action], parameters, new HashSet<string>());

    static void AssertError(string code, string first, string service, string action, RawMap parameters)
    {
        var error = Assert.Throws<PlatformException>(() => Bind(service, action, parameters));
        Assert.Equal(code, error.Code);
        Assert.Equal(first, error.Arguments[0].Value);
    }

    static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    [GeneratedRegex("PlatformException\\.Of\\(\"([A-Z_0-9]+)\"(\\)|,)")]
    private static partial Regex Code();

    sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
