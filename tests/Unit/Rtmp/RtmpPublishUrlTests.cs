using Tributary.Ingest.Rtmp;
using Tributary.Protocols.Rtmp;

namespace Tributary.Unit.Rtmp;

public sealed class RtmpPublishUrlTests
{
    [Theory]
    // app, tcUrl, name; stream, slot, key
    [InlineData("live", "rtmp://host/live", "demo", "demo", 0, null)]
    [InlineData("live", "rtmp://host/live", "demo?key=s3cret", "demo", 0, "s3cret")]
    [InlineData("live/", "rtmp://host/live/", "demo?key=a%26b", "demo", 0, "a&b")]
    [InlineData("live?key=s", "rtmp://host/live?key=s", "demo", "demo", 0, "s")]
    [InlineData("live", "rtmp://host/live?key=s", "demo", "demo", 0, "s")]
    [InlineData("live/?key=s", "rtmp://host/live/?key=s", "demo", "demo", 0, "s")]
    [InlineData("live?key=app", "rtmp://host/live?key=url", "demo?key=name", "demo", 0, "name")]    // the nearest to the name wins
    [InlineData("live/demo", "rtmp://host/live/demo", "", "demo", 0, null)]                           // everything in the server field
    [InlineData("live/demo?key=s", "rtmp://host/live/demo?key=s", "", "demo", 0, "s")]
    [InlineData("", "rtmp://host/", "live/demo", "demo", 0, null)]
    [InlineData("live", "rtmp://host/live", "/demo", "demo", 0, null)]
    [InlineData("live", "rtmp://host/live", "demo?i=1&key=s", "demo", 1, "s")]
    [InlineData("live", "rtmp://host/live", "d%65mo", "demo", 0, null)]                                // decoded once
    [InlineData("live", "rtmp://host/live", "A.b-c_9", "A.b-c_9", 0, null)]
    [InlineData("live", "rtmp://host/live", "demo?monkey=x", "demo", 0, null)]                         // not the key's name
    [InlineData("kLive/?p=102&e=0_abc&i=0&t=TOK", "rtmp://host/kLive/?p=102&e=0_abc&i=0&t=TOK", "0_abc_1", "0_abc", 0, "TOK")]
    [InlineData("kLive/?p=102&e=0_abc&i=1&t=TOK", "rtmp://host/kLive/?p=102&e=0_abc&i=1&t=TOK", "0_abc_2", "0_abc", 1, "TOK")]
    [InlineData("kLive", "rtmp://host/kLive", "?p=102&e=0_abc&i=0&t=TOK/0_abc_1", "0_abc", 0, "TOK")]  // as ffmpeg cuts it
    [InlineData("kLive", "rtmp://host/kLive/?p=102&e=0_abc&t=TOK", "0_abc_3", "0_abc", 0, "TOK")]
    public void Every_way_of_splitting_the_url_gives_the_same(string app, string tcUrl, string name, string stream, int slot, string? key)
    {
        Assert.True(Parse(app, tcUrl, name, out var url, out var sentence), sentence);
        Assert.Equal((stream, slot, key), (url.StreamName, url.Slot, url.Key));
    }

    [Theory]
    [InlineData("live", "")]
    [InlineData("live", "..")]
    [InlineData("live", "../../etc/passwd")]
    [InlineData("live", "..%2f..%2fetc")]
    [InlineData("live", "..%5c..%5cwindows")]
    [InlineData("live", "%2e%2e")]
    [InlineData("live", "a%252e")]            // decoded once only
    [InlineData("live", "a..b")]
    [InlineData("live", "a/b")]
    [InlineData("live", "a%2fb")]
    [InlineData("live", "a\\b")]
    [InlineData("live", "a%00b")]
    [InlineData("live", "a\0b")]
    [InlineData("live", "a b")]
    [InlineData("live", ".hidden")]
    [InlineData("live", "-rf")]
    [InlineData("live", "dämo")]
    [InlineData("live", "ｄemo")]              // full-width letter
    [InlineData("live", "a%")]
    [InlineData("live", "a:b")]
    [InlineData("live", "a\r\nb")]
    [InlineData("live/demo", "secret")]
    [InlineData("live/../kLive", "demo")]
    [InlineData("Live", "demo")]
    [InlineData("other", "demo")]
    [InlineData("", "demo")]
    [InlineData("", "")]
    [InlineData("../../tmp", "demo")]
    [InlineData("live", "demo?i=2")]
    [InlineData("live", "demo?i=-1")]
    [InlineData("kLive/?p=1&e=abc", "other_1")]
    [InlineData("kLive/?p=1&e=abc", "abc_4")]
    [InlineData("kLive/?p=1&e=abc", "abc")]
    [InlineData("kLive/?p=1", "_1")]
    [InlineData("kLive/?p=1&e=", "_1")]
    [InlineData("kLive/?p=1&e=..", ".._1")]
    [InlineData("kLive/?p=x/y&e=abc", "abc_1")]
    public void Names_and_paths_outside_the_allow_list_are_refused(string app, string name)
    {
        Assert.False(Parse(app, $"rtmp://host/{app}", name, out _, out var sentence));
        Assert.EndsWith(".", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_names_keys_and_urls_are_refused()
    {
        Assert.True(Parse("live", "", new string('a', 128), out _, out _));
        Assert.False(Parse("live", "", new string('a', 129), out _, out _));
        Assert.False(Parse("live", "", "a?key=" + new string('k', 1_025), out _, out _));
        Assert.False(Parse("live", new string('u', 5_000), "a", out _, out _));
    }

    [Fact]
    public void No_secret_is_repeated()
    {
        foreach (var (app, name) in ((string, string)[])
            [("live", "demo?key=S3CRET"), ("live/demo", "S3CRET"), ("live", "a/S3CRET"), ("x", "a?key=S3CRET"), ("kLive/?p=1&e=a&t=S3CRET", "b"), ("live", "S3CRET!")])
        {
            Parse(app, $"rtmp://host/{app}", name, out var url, out var sentence);
            Assert.DoesNotContain("S3CRET", sentence, StringComparison.Ordinal);
            if (url.StreamName == "demo")
            {
                Assert.DoesNotContain("S3CRET", url.ToString(), StringComparison.Ordinal);
            }
        }
    }

    static bool Parse(string app, string tcUrl, string name, out RtmpPublishUrl url, out string sentence) =>
        RtmpPublishUrl.TryParse(new RtmpPublishRequest(new RtmpConnect(app, tcUrl, "", false), name, 1), out url, out sentence);
}
