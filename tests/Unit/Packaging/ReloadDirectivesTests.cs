using Tributary.Media.Packaging.Hls;

namespace Tributary.Unit.Packaging;

public sealed class ReloadDirectivesTests
{
    [Theory]
    [InlineData(null, -1, -1, false)]
    [InlineData("?token=x", -1, -1, false)]
    [InlineData("?_HLS_msn=12", 12, -1, false)]
    [InlineData("?_HLS_msn=12&_HLS_part=0", 12, 0, false)]
    [InlineData("?_HLS_skip=v2&x=1&_HLS_part=3&_HLS_msn=0", 0, 3, true)]
    [InlineData("?_HLS_skip=YES", -1, -1, true)]
    [InlineData("?_HLS_start_offset=3", -1, -1, false)]
    public void Directives_are_read_in_any_order_and_others_are_passed_over(string? query, long msn, int part, bool isDelta)
    {
        Assert.True(ReloadDirectives.TryParse(query, out var directives));
        Assert.Equal(new ReloadDirectives(msn, part, isDelta), directives);
    }

    [Theory]
    [InlineData("?_HLS_part=1")]
    [InlineData("?_HLS_msn=-1")]
    [InlineData("?_HLS_msn=")]
    [InlineData("?_HLS_msn")]
    [InlineData("?_HLS_msn=1&_HLS_msn=2")]
    [InlineData("?_HLS_msn=99999999999999999999999")]
    [InlineData("?_HLS_msn=1&_HLS_part=2147483648")]
    [InlineData("?_HLS_skip=NO")]
    public void What_is_malformed_is_refused(string query) => Assert.False(ReloadDirectives.TryParse(query, out _));
}
