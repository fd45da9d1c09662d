using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Gateway.Vod;
using Tributary.Media.Sets;
using Tributary.Media.Sources;
using Tributary.Unit.Gateway;

namespace Tributary.Unit.Vod;

/// <summary>What an upstream is asked, and how what it answers is taken.</summary>
public sealed class UpstreamMappingTests : IAsyncLifetime
{
    WebApplication? _upstream;
    string _answer = "";
    string _host = "";

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _upstream = builder.Build();
        _upstream.Run(context =>
        {
            _host = context.Request.Host.Value ?? "";
            return context.Response.WriteAsync(_answer);
        });
        await _upstream.StartAsync();
    }

    public async Task DisposeAsync() => await _upstream!.DisposeAsync();

    async Task<ResolvedSet> ResolveAsync(string answer, string upstream, string options)
    {
        _answer = answer;
        await using var host = await GatewayHost.Start();
        var problems = new List<string>();
        var upstreams = "{\"/map\":" + upstream.Replace("URL", _upstream!.Urls.First(), StringComparison.Ordinal) + "}";
        var location = "{\"prefix\":\"/m\",\"packager\":\"hls\",\"mode\":\"mapped\",\"options\":{\"upstream_location\":\"/map\"" + options + "}}";
        var locations = LocationsReader.Read("{\"upstreams\":" + upstreams + ",\"locations\":[" + location + "]}", problems);
        Assert.Empty(problems);
        var (read, variables) = (Assert.Single(locations), new VodVariables(new DefaultHttpContext()));
        Assert.True(Tributary.Media.Packaging.Vod.VodUrlGrammar.TryParse("/a/master.m3u8", read.Packaging, read.Options, out var url, out _));
        return await host.Services.GetRequiredService<MediaSetResolver>().ResolveAsync(read, url, variables, new ContentTag(), default);
    }

    [Theory]
    [InlineData("PATH:/srv/a b.mp4;", "/srv/a b.mp4")]
    [InlineData("PATH:/srv/a.mp4;\n", "/srv/a.mp4")]
    [InlineData("{\"sequences\":[{\"clips\":[{\"type\":\"source\",\"path\":\"/srv/j.mp4\"}]}]}", "/srv/j.mp4")]
    public async Task A_path_between_two_texts_is_a_file_and_anything_else_is_JSON(string answer, string path)
    {
        var resolved = await ResolveAsync(answer, "\"URL\"", ",\"path_response_prefix\":\"PATH:\",\"path_response_postfix\":\";\"");

        Assert.Equal(path, Assert.IsType<SourceClip>(resolved.Set!.Sequences[0].Clips[0]).Path);
    }

    [Fact]
    public async Task Without_the_texts_a_path_is_no_mapping() =>
        Assert.Equal(MediaFailure.BadMapping, (await ResolveAsync("PATH:/srv/a.mp4;", "\"URL\"", "")).Failure);

    [Fact]
    public async Task An_upstream_is_called_what_it_wants_to_be_called()
    {
        await ResolveAsync("{}", "{\"url\":\"URL\",\"host\":\"media.example.org\"}", "");
        Assert.Equal("media.example.org", _host);
        await ResolveAsync("{}", "\"URL\"", "");
        Assert.StartsWith("127.0.0.1:", _host, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"url\":\"http://127.0.0.1:1\",\"host\":\"a b\"}")]
    [InlineData("{\"url\":\"ftp://127.0.0.1\"}")]
    [InlineData("{\"host\":\"a\"}")]
    [InlineData("{\"url\":\"http://127.0.0.1:1\",\"port\":\"1\"}")]
    public void A_wrong_upstream_is_one_line(string upstream)
    {
        var problems = new List<string>();
        LocationsReader.Read("{\"upstreams\":{\"/map\":" + upstream + "}}", problems);
        Assert.Contains("upstream /map: must be", Assert.Single(problems), StringComparison.Ordinal);
    }
}
