using FsCheck;
using FsCheck.Fluent;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Unit.Packaging;

public sealed class HlsRequestTests
{
    [Theory]
    [InlineData("master.m3u8", HlsKind.Master, HlsForm.Cmaf, 0, 0, 0)]
    [InlineData("index.m3u8", HlsKind.Master, HlsForm.Cmaf, 0, 0, 0)]
    [InlineData("ts/master.m3u8", HlsKind.Master, HlsForm.Ts, 0, 0, 0)]
    [InlineData("index-v1.m3u8", HlsKind.Playlist, HlsForm.Cmaf, 1, 0, 0)]
    [InlineData("index-a12.m3u8", HlsKind.Playlist, HlsForm.Cmaf, 0, 12, 0)]
    [InlineData("ts/index-v1-a1.m3u8", HlsKind.Playlist, HlsForm.Ts, 1, 1, 0)]
    [InlineData("ts/index-a1.m3u8", HlsKind.Playlist, HlsForm.Ts, 0, 1, 0)]
    [InlineData("seg-0-v1.m4s", HlsKind.Segment, HlsForm.Cmaf, 1, 0, 0)]
    [InlineData("seg-999999999999999999-a2.m4s", HlsKind.Segment, HlsForm.Cmaf, 0, 2, 999_999_999_999_999_999)]
    [InlineData("ts/seg-17-v1-a1.ts", HlsKind.Segment, HlsForm.Ts, 1, 1, 17)]
    public void Every_name_in_a_playlist_is_understood(string path, HlsKind kind, HlsForm form, int video, int audio, long msn)
    {
        Assert.True(HlsRequest.TryParse(path, out var request));
        Assert.Equal(new HlsRequest(kind, form, video, audio, msn, 0), request);
    }

    [Fact]
    public void An_initialization_section_has_its_number_in_sixteen_digits()
    {
        Assert.True(HlsRequest.TryParse("init-v1-00ff00000000abcd.mp4", out var request));
        Assert.Equal(new HlsRequest(HlsKind.Init, HlsForm.Cmaf, 1, 0, 0, 0x00FF_0000_0000_ABCD), request);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Master.m3u8")]
    [InlineData("index-v0.m3u8")]
    [InlineData("index-v01.m3u8")]
    [InlineData("index-v.m3u8")]
    [InlineData("index-v100.m3u8")]
    [InlineData("index-v1-a1.m3u8")]
    [InlineData("index-a1-v1.m3u8")]
    [InlineData("ts/index-a1-v1.m3u8")]
    [InlineData("ts/index.m4s")]
    [InlineData("seg-1-v1.ts")]
    [InlineData("seg-01-v1.m4s")]
    [InlineData("seg--1-v1.m4s")]
    [InlineData("seg-+1-v1.m4s")]
    [InlineData("seg-9999999999999999999-v1.m4s")]
    [InlineData("seg-1-v1-a1.m4s")]
    [InlineData("seg-1.m4s")]
    [InlineData("ts/seg-1.ts")]
    [InlineData("ts/ts/master.m3u8")]
    [InlineData("init-v1-00FF00000000ABCD.mp4")]
    [InlineData("init-v1-ff.mp4")]
    [InlineData("init-v1.mp4")]
    [InlineData("init-v1-a1-00ff00000000abcd.mp4")]
    [InlineData("ts/init-v1-00ff00000000abcd.mp4")]
    [InlineData("seg-1-v1.m4s?x")]
    [InlineData("seg-\u0661-v1.m4s")]
    public void Any_other_spelling_is_refused(string path) => Assert.False(HlsRequest.TryParse(path, out _));

    [Fact]
    public void Whatever_is_understood_has_one_spelling()
    {
        string[] words = ["ts/", "seg-", "index", "init", "-v", "-a", "-", "1", "0", "12", ".m3u8", ".m4s", ".ts", ".mp4", "00ff00000000abcd", "master"];
        var paths = Gen.Elements(words).ListOf().Select(list => string.Concat(list)).ToArbitrary();
        Prop.ForAll(paths, path =>
        {
            if (HlsRequest.TryParse(path, out var request) && request.Kind != HlsKind.Master)
            {
                Assert.Equal(path, Spell(request));
            }
        }).QuickCheckThrowOnFailure();
    }

    static string Spell(HlsRequest request)
    {
        var tracks = (request.Video > 0 ? $"-v{request.Video}" : "") + (request.Audio > 0 ? $"-a{request.Audio}" : "");
        var (folder, extension) = request.Form == HlsForm.Ts ? ("ts/", "ts") : ("", "m4s");
        return request.Kind switch
        {
            HlsKind.Playlist => $"{folder}index{tracks}.m3u8",
            HlsKind.Segment => $"{folder}seg-{request.Msn}{tracks}.{extension}",
            _ => $"init{tracks}-{request.Init:x16}.mp4",
        };
    }
}
