using System.Globalization;
using Tributary.Media.Pictures;

namespace Tributary.Gateway.ApiV3;

/// <summary>What a thumbnail's address asks for: pairs in the path, or in the query. What is no number counts as not given.</summary>
static class ThumbnailRequest
{
    const int DefaultQuality = 75, White = 0xFFFFFF;

    public static PictureWish WishOf(ManifestRequest request) => new(
        Number(request, "width"), Number(request, "height"), Number(request, "type") is >= 1 and <= 5 and var fit ? (PictureFit)fit : PictureFit.Within, Source(request),
        request.Number("quality") is { } quality and > 0 ? (int)Math.Min(quality, 100) : DefaultQuality,
        int.TryParse(request.Text("bgcolor"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var colour) ? colour & White : White);

    /// <summary>Of which moments of a clip: <c>vid_sec</c>, or <c>vid_slice</c> of <c>vid_slices</c> from <c>start_sec</c> to <c>end_sec</c>; of all slices where none is named.</summary>
    public static PictureMoments MomentsOf(ManifestRequest request) => new(
        Seconds(request, "vid_sec"), Math.Max(0, Number(request, "vid_slices")), request.Number("vid_slice") is { } slice ? (int)Math.Min(slice, int.MaxValue) : null,
        Seconds(request, "start_sec") ?? 0, Seconds(request, "end_sec") ?? 0);

    static double? Seconds(ManifestRequest request, string name) =>
        double.TryParse(request.Text(name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds) ? Math.Min(seconds, 10_000_000) : null;

    static PictureArea? Source(ManifestRequest request) => Number(request, "src_w") > 0 || Number(request, "src_h") > 0 || Number(request, "src_x") > 0 || Number(request, "src_y") > 0
        ? new PictureArea(Number(request, "src_x"), Number(request, "src_y"), Number(request, "src_w"), Number(request, "src_h")) : null;

    static int Number(ManifestRequest request, string name) => (int)Math.Min(request.Number(name) ?? 0, PictureWish.MaxSide * 8);
}
