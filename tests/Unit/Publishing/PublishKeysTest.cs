using System.Net;
using Microsoft.Extensions.Options;
using Tributary.Ingest.Publishing;

namespace Tributary.Unit.Publishing;

public class PublishKeysTest
{
    [Theory]
    [InlineData(AnonymousPublishing.Loopback, "127.0.0.1", true)]
    [InlineData(AnonymousPublishing.Loopback, "::1", true)]
    [InlineData(AnonymousPublishing.Loopback, "::ffff:127.0.0.1", true)]
    [InlineData(AnonymousPublishing.Loopback, "192.0.2.7", false)]
    [InlineData(AnonymousPublishing.Always, "192.0.2.7", true)]
    [InlineData(AnonymousPublishing.Never, "127.0.0.1", false)]
    public void Without_a_key_the_rule_for_anonymous_encoders_decides(AnonymousPublishing rule, string address, bool opens) =>
        Assert.Equal(opens, Opens(new PublishOptions { Anonymous = rule }, null, address, out _));

    [Theory]
    [InlineData("own", true)]
    [InlineData("master", true)]
    [InlineData("wrong", false)]
    [InlineData("ow", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_stream_with_a_key_needs_it_even_from_this_machine(string? key, bool opens)
    {
        var options = new PublishOptions { Key = "master", Keys = { ["demo"] = "own" } };

        Assert.Equal(opens, Opens(options, key, "127.0.0.1", out var sentence));
        Assert.DoesNotContain("own", sentence.Replace("known", ""));
        Assert.DoesNotContain("master", sentence);
    }

    [Fact]
    public void A_wrong_key_is_refused_where_a_key_exists_although_none_would_do()
    {
        Assert.False(Opens(new PublishOptions { Key = "master" }, "wrong", "127.0.0.1", out _));
        Assert.True(Opens(new PublishOptions { Key = "master" }, null, "127.0.0.1", out _));
    }

    [Fact]
    public void Where_no_key_is_configured_one_that_is_given_anyway_does_no_harm() =>
        Assert.True(Opens(new PublishOptions(), "anything", "127.0.0.1", out _));

    static bool Opens(PublishOptions options, string? key, string address, out string sentence) =>
        new PublishKeys(new Fixed(options)).Opens(
            new PublishTarget("demo", 0, key, "rtmp", new IPEndPoint(IPAddress.Parse(address), 40_000)), out sentence);

    sealed class Fixed(PublishOptions value) : IOptionsMonitor<PublishOptions>
    {
        public PublishOptions CurrentValue => value;

        public PublishOptions Get(string? name) => value;

        public IDisposable? OnChange(Action<PublishOptions, string?> listener) => null;
    }
}
