using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tributary.Gateway.Vod;
using Tributary.Media.Packaging.Vod;

namespace Tributary.Unit.Vod;

/// <summary>Manifests in gzip.</summary>
public sealed class EncodedAnswersTests
{
    static readonly string Playlist = string.Concat(Enumerable.Range(0, 100).Select(i => $"#EXTINF:10.000,\nseg-{i}.ts\n"));

    static async Task<(HttpResponse Response, byte[] Body)> Send(string type, string text, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        var sent = new MemoryStream();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(sent));
        context.Request.Method = "GET";
        foreach (var (name, value) in headers)
        {
            context.Request.Headers[name] = value;
        }

        var location = new VodLocation { Prefix = "/a", Packaging = VodPackaging.Hls, Mode = VodMode.Local };
        await VodBody.Send(context, location, new VodAnswer { Body = new MemoryBody(Encoding.UTF8.GetBytes(text)) { ContentType = type }, Tag = "\"t\"" }, gzip: true);
        return (context.Response, sent.ToArray());
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("br, GZIP;q=0.5", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("gzip; q=0.0", false)]
    [InlineData("br", false)]
    [InlineData("", false)]
    public async Task Who_accepts_it_gets_it(string accepts, bool packed)
    {
        var (response, body) = await Send("application/vnd.apple.mpegurl", Playlist, ("Accept-Encoding", accepts));

        Assert.Equal("Accept-Encoding", response.Headers.Vary.ToString());
        Assert.Equal(packed ? "gzip" : "", response.Headers.ContentEncoding.ToString());
        Assert.Equal(packed ? "\"t-gzip\"" : "\"t\"", response.Headers.ETag.ToString());
        Assert.Equal(body.Length, response.ContentLength);
        using var reader = new StreamReader(packed ? new GZipStream(new MemoryStream(body), CompressionMode.Decompress) : new MemoryStream(body));
        Assert.Equal(Playlist, await reader.ReadToEndAsync());
    }

    [Theory]
    [InlineData("video/MP2T", 5_000)]
    [InlineData("application/vnd.apple.mpegurl", 500)]
    public async Task Media_and_what_is_short_stay_as_they_are(string type, int length)
    {
        var (response, body) = await Send(type, new string('x', length), ("Accept-Encoding", "gzip"));

        Assert.Equal(("", "", length), (response.Headers.Vary.ToString(), response.Headers.ContentEncoding.ToString(), body.Length));
    }

    [Fact]
    public async Task A_part_is_one_of_what_is_not_encoded_and_a_tag_is_of_its_encoding()
    {
        var (part, bytes) = await Send("text/xml", Playlist, ("Accept-Encoding", "gzip"), ("Range", "bytes=0-9"));
        Assert.Equal((206, "", Playlist[..10]), (part.StatusCode, part.Headers.ContentEncoding.ToString(), Encoding.ASCII.GetString(bytes)));

        Assert.Equal(304, (await Send("text/xml", Playlist, ("Accept-Encoding", "gzip"), ("If-None-Match", "\"t-gzip\""))).Response.StatusCode);
        Assert.Equal(200, (await Send("text/xml", Playlist, ("Accept-Encoding", "gzip"), ("If-None-Match", "\"t\""))).Response.StatusCode);
    }
}
