using System.Text;
using Tributary.Media.Packaging.Hls;

namespace Tributary.Fuzz.Targets;

/// <summary>Paths below a stream: what is understood has exactly one spelling, the one that playlists use.</summary>
[FuzzTarget("hls-request")]
static class HlsRequestTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var path = Encoding.Latin1.GetString(input);
        if (!HlsRequest.TryParse(path, out var request))
        {
            return;
        }

        var tracks = (request.Video > 0 ? $"-v{request.Video}" : "") + (request.Audio > 0 ? $"-a{request.Audio}" : "");
        var (folder, extension) = request.Form == HlsForm.Ts ? ("ts/", "ts") : ("", "m4s");
        string[] spellings = request.Kind switch
        {
            HlsKind.Master => [folder + "master.m3u8", folder + "index.m3u8"],
            HlsKind.Playlist => [$"{folder}index{tracks}.m3u8"],
            HlsKind.Segment => [$"{folder}seg-{request.Msn}{tracks}.{extension}"],
            HlsKind.Part => [$"part-{request.Msn}-{request.Part}{tracks}.m4s"],
            _ => [$"init{tracks}-{request.Init:x16}.mp4"],
        };
        Holds.That(spellings.Contains(path), "A path is understood that no playlist writes.");
        Holds.That(request.Video + request.Audio > 0 == (request.Kind != HlsKind.Master), "A path without a track is understood.");
    }
}
