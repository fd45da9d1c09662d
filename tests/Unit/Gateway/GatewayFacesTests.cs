using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Tributary.Gateway.Health;

namespace Tributary.Unit.Gateway;

public sealed class GatewayFacesTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.Start(("Ingest:Rtmp:Port", "2935"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/live/demo", "text/html; charset=utf-8")]
    [InlineData("/assets/style.css", "text/css; charset=utf-8")]
    [InlineData("/assets/player.js", "text/javascript; charset=utf-8")]
    [InlineData("/assets/icon.svg", "image/svg+xml")]
    public async Task Pages_are_there_and_may_load_nothing_from_elsewhere(string path, string type)
    {
        using var response = await _host.Client.GetAsync(path);
        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);

        var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
        using var second = await _host.Client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Theory]
    [InlineData("demo/switch", "{\"slot\":1}", 202)]
    [InlineData("demo/switch", "{\"slot\":0}", 200)]
    [InlineData("demo/switch", "{\"slot\":2}", 400)]
    [InlineData("demo/switch", "{}", 400)]
    [InlineData("demo/switch", "[[[", 400)]
    [InlineData("demo/transfer", "{\"node\":\"ingest-2\"}", 409)]
    [InlineData("demo/transfer", "{\"node\":\"\"}", 400)]
    [InlineData("..%2fdemo/switch", "{\"slot\":1}", 404)]
    public async Task A_command_to_a_stream_is_answered_with_what_comes_of_it(string path, string body, int status)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await _host.Client.PostAsync($"/api/v1/streams/{path}", content);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status < 300 ? "application/json" : "application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_page_knows_the_rtmp_port_and_has_no_script_of_its_own_text()
    {
        var text = (await _host.Get("/live/demo")).Text;
        Assert.Contains("data-rtmp-port=\"2935\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Get("/live/de%22mo")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Get("/assets/..%2fappsettings.json")).Status);
    }

    [Fact]
    public async Task The_list_of_streams_is_json()
    {
        _host.GoLive("demo", 2);
        var stream = JsonDocument.Parse((await _host.Get("/api/v1/streams")).Text).RootElement[0];
        Assert.Equal(("demo", "Live", "/live/demo/master.m3u8"),
            (stream.GetProperty("name").GetString(), stream.GetProperty("state").GetString(), stream.GetProperty("hls").GetString()));
        Assert.Equal("Active", JsonDocument.Parse((await _host.Get("/api/v1/nodes")).Text).RootElement[0].GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_stream_tells_what_its_window_holds()
    {
        _host.GoLive("demo", 3);
        await _host.Get("/live/demo/master.m3u8");
        var detail = JsonDocument.Parse((await _host.Get("/api/v1/streams/demo")).Text).RootElement;
        Assert.Equal([0L, 2], detail.GetProperty("window").GetProperty("listed").GetProperty("v1").EnumerateArray().Select(number => number.GetInt64()));
    }

    [Fact]
    public async Task Errors_of_the_api_are_problem_documents()
    {
        foreach (var path in (string[])["/api/v1/streams/..", "/api/v1/streams/a%20b", "/api/v1/nothing"])
        {
            using var response = await _host.Client.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        }
    }

    [Fact]
    public async Task Liveness_needs_nothing_and_readiness_lists_reasons()
    {
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await _host.Get("/livez"));
        Assert.Equal((HttpStatusCode.OK, "[+] drain ok\n[+] grains ok\nready\n"), await _host.Get("/readyz?verbose"));
        Assert.Equal((HttpStatusCode.OK, "[+] drain ok\nready\n"), await _host.Get("/readyz?verbose&exclude=grains"));
    }

    [Fact]
    public async Task A_check_that_fails_says_why()
    {
        var server = _host.Services.GetRequiredService<IServer>();
        Assert.Null(await ReadinessCheck.Listening("http", _host.Client.BaseAddress!.Port, server).Check(default));
        Assert.Equal("Port 1 is not open.", await ReadinessCheck.Listening("rtmp", 1, server).Check(default));

        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.Null(await ReadinessCheck.Writable("storage", folder).Check(default));
        Directory.Delete(folder);
        await File.WriteAllTextAsync(folder, "");
        Assert.NotNull(await ReadinessCheck.Writable("storage", folder).Check(default));
        File.Delete(folder);
    }
}
