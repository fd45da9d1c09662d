using System.Globalization;
using Tributary.Grains.Platform.Model;
using Tributary.Media.Pictures;

namespace Tributary.Grains.Platform.Content;

/// <summary>KalturaThumbParams as a wish for a picture, and as part of an address.</summary>
static class ThumbWish
{
    const int DefaultQuality = 75, White = 0xFFFFFF;

    static readonly string[] Heeded = ["cropType", "quality", "cropX", "cropY", "cropWidth", "cropHeight", "width", "height", "backgroundColor"];

    /// <summary>Null: as it was uploaded.</summary>
    public static PictureWish? Of(PlatformObject? wanted) => wanted is null || !Heeded.Any(wanted.Has) ? null : new PictureWish(
        Side(wanted, "width"), Side(wanted, "height"), wanted.Long("cropType") is >= 1 and <= 5 and var fit ? (PictureFit)fit : PictureFit.Within,
        Side(wanted, "cropWidth") > 0 || Side(wanted, "cropHeight") > 0 || Side(wanted, "cropX") > 0 || Side(wanted, "cropY") > 0
            ? new PictureArea(Side(wanted, "cropX"), Side(wanted, "cropY"), Side(wanted, "cropWidth"), Side(wanted, "cropHeight")) : null,
        wanted.Long("quality") is > 0 and var quality ? (int)Math.Min(quality, 100) : DefaultQuality,
        int.TryParse(wanted.Text("backgroundColor"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var colour) ? colour & White : White);

    public static string InUrl(PlatformObject? wanted) =>
        wanted is null ? "" : string.Concat(Heeded.Where(wanted.Has).Select(name => $"/thumbParams:{name}/{Uri.EscapeDataString(wanted.Text(name))}"));

    static int Side(PlatformObject wanted, string name) => (int)Math.Clamp(wanted.Long(name), 0, PictureWish.MaxSide * 8);
}
