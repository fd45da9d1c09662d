using Tributary.Gateway.Vod;
using Tributary.Media.Sources;

namespace Tributary.Unit.Vod;

public sealed class WarmUpTests
{
    [Fact]
    public async Task What_warms_up_is_packaged_in_every_form()
    {
        var movie = WarmUpMovie.Make();
        Assert.Equal(MediaFailure.None, (await movie.OpenAsync(default)).Failure);
        foreach (var request in VodWarmUp.All)
        {
            Assert.True(await VodWarmUp.Package(movie, request, default), $"{request.Kind} has no body");
        }
    }
}
