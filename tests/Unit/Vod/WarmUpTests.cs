using Tributary.Gateway.Vod;

namespace Tributary.Unit.Vod;

public sealed class WarmUpTests
{
    [Fact]
    public async Task What_warms_up_is_answered_in_every_form()
    {
        await using var packager = await WarmUpPackager.Start(default);
        foreach (var file in WarmUpPackager.Files)
        {
            Assert.Equal((file, 200), (file, await packager.Ask(file, 60_000, default)));
        }
    }
}
