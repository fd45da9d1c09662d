using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Tributary.Gateway.Vod;
using Tributary.Media.Packaging.Vod;
using Tributary.Media.Sets;

namespace Tributary.Unit.Vod;

public sealed class LocationsReaderTests
{
    static (IReadOnlyList<VodLocation> Locations, List<string> Problems) Read(string json)
    {
        var problems = new List<string>();
        return (LocationsReader.Read(json, problems), problems);
    }

    static string With(string options) =>
        """{"locations":[{"prefix":"/a","packager":"hls","mode":"local","root":"/media","options":{""" + options + "}}]}";

    [Fact]
    public void Directives_keep_their_names_and_their_syntax()
    {
        var (locations, problems) = Read("""
            {"upstreams":{"/map":"http://127.0.0.1:8802/map"},
             "locations":[{"prefix":"/m","packager":"dash","mode":"mapped","options":{
               "upstream_location":"/map","max_mapping_response_size":"64k","segment_duration":"9s","bootstrap_segment_durations":["1000","3s"],
               "live_window_duration":"-30000","align_segments_to_key_frames":"on","segment_count_policy":"last_rounded","dash_manifest_format":"segmenttemplate",
               "expires":"100d","expires_live":"30","last_modified":"Sun, 19 Nov 2000 08:52:00 GMT","last_modified_types":"*",
               "base_url":"https://$host","mapping_cache":["maps","5m","1h"],"hls_encryption_key_file_name":"thekey"}}]}
            """);

        Assert.Empty(problems);
        var location = Assert.Single(locations);
        Assert.Equal(("/m", VodPackaging.Dash, VodMode.Mapped), (location.Prefix, location.Packaging, location.Mode));
        Assert.Equal("http://127.0.0.1:8802/map", location.Upstream!.Base.AbsoluteUri);
        Assert.Equal(65_536, location.MaxMappingResponseSize);
        var cut = location.Options.Segmentation;
        Assert.Equal((9_000, -30_000, true, SegmentCountPolicy.LastRounded), (cut.SegmentDuration, cut.LiveWindowDuration, cut.AlignToKeyFrames, cut.CountPolicy));
        Assert.Equal([1_000L, 3_000], cut.BootstrapSegmentDurations);
        Assert.Equal(DashManifestFormat.SegmentTemplate, location.Options.Dash.ManifestFormat);
        Assert.Equal((TimeSpan.FromDays(100), TimeSpan.FromSeconds(30)), (location.Expires!.Value, location.ExpiresLive!.Value));
        Assert.Equal(new CacheZone("maps", 5 << 20, TimeSpan.FromHours(1)), location.MappingCache);
        Assert.Equal("thekey", location.Options.Hls.EncryptionKeyFileName);
    }

    [Fact]
    public void Configuration_reads_like_a_file()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Vod:Locations:0:prefix"] = "/a",
            ["Vod:Locations:0:packager"] = "hls",
            ["Vod:Locations:0:root"] = "/media",
            ["Vod:Locations:0:options:bootstrap_segment_durations:0"] = "2s",
            ["Vod:Locations:0:options:bootstrap_segment_durations:1"] = "4s",
        }).Build();
        var problems = new List<string>();

        var location = Assert.Single(LocationsReader.Read(configuration.GetSection("Vod"), problems));

        Assert.Empty(problems);
        Assert.Equal([2_000L, 4_000], location.Options.Segmentation.BootstrapSegmentDurations);
    }

    [Theory]
    [InlineData("\"segment_length\":\"9s\"", "location /a: segment_length is no option")]
    [InlineData("\"segment_duration\":\"9 parsecs\"", "location /a: segment_duration must be a time such as 10s or 500 (milliseconds)")]
    [InlineData("\"segment_duration\":[\"9s\",\"8s\"]", "location /a: segment_duration takes one value")]
    [InlineData("\"ignore_edit_list\":\"yes\"", "location /a: ignore_edit_list must be on or off")]
    [InlineData("\"hls_container_format\":\"avi\"", "location /a: hls_container_format must be one of auto, mpegts, fmp4")]
    [InlineData("\"max_metadata_size\":\"9q\"", "location /a: max_metadata_size must be a size such as 64k")]
    [InlineData("\"base_url\":\"$nonsense\"", "location /a: base_url cannot be read: there is no variable $nonsense")]
    [InlineData("\"fallback_upstream_location\":\"/nowhere\"", "location /a: fallback_upstream_location names /nowhere, which is none of upstreams")]
    [InlineData("\"metadata_cache\":\"zone\"", "location /a: metadata_cache must be a name, a size, and if wanted an expiration: metadata 512m 1h")]
    public void A_wrong_option_is_one_clear_line(string options, string line) => Assert.Equal([line], Read(With(options)).Problems);

    [Theory]
    [InlineData("""{"locations":[{"prefix":"a","packager":"hls","root":"/m"}]}""", "location a: prefix must be a path such as /hls")]
    [InlineData("""{"locations":[{"prefix":"/live/x","packager":"hls","root":"/m"}]}""", "location /live/x: prefix belongs to the server itself")]
    [InlineData("""{"locations":[{"prefix":"/a","packager":"avi","root":"/m"}]}""", "location /a: packager must be one of hls, dash, mss, hds, none, thumb, volume_map, status")]
    [InlineData("""{"locations":[{"prefix":"/a","packager":"hls","mode":"far","root":"/m"}]}""", "location /a: mode must be one of local, mapped, remote, entries")]
    [InlineData("""{"locations":[{"prefix":"/a","packager":"hls"}]}""", "location /a: local needs root")]
    [InlineData("""{"locations":[{"prefix":"/a","packager":"hls","root":"m"}]}""", "location /a: root must be an absolute path")]
    [InlineData("""{"locations":[{"prefix":"/a","packager":"hls","mode":"remote"}]}""", "location /a: remote needs the option upstream_location")]
    [InlineData("""{"locations":[{"prefix":"/a","packager":"hls","root":"/m","color":"red"}]}""", "location /a: color is no field of a location (known: prefix, packager, mode, root, options)")]
    [InlineData("""{"upstreams":{"/m":"ftp://h/"}}""", "upstream /m: must be a name that begins with a slash, and an http or https URL without a query, or such a url and a host")]
    public void A_wrong_location_is_one_clear_line(string json, string line) => Assert.Equal([line], Read(json).Problems);

    [Fact]
    public void A_text_of_half_a_character_is_a_mistake() =>
        Assert.StartsWith("not JSON", Assert.Single(Read("""{"locations":[{"prefix":"/\ud800","packager":"hls","root":"/m"}]}""").Problems), StringComparison.Ordinal);

    [Fact]
    public void A_prefix_stands_once() => Assert.Single(Read("""
        {"locations":[{"prefix":"/a","packager":"hls","root":"/m"},{"prefix":"/a/","packager":"dash","root":"/m"}]}
        """).Problems);

    [Fact]
    public void Every_option_is_in_the_reference()
    {
        var page = File.ReadAllText(Path.Combine(Root(), "deploy/docs/vod.md"));

        Assert.All(VodDirectives.Names, name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));
}
