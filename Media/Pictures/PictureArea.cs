namespace Tributary.Media.Pictures;

/// <summary>A part of a picture, in points from its upper left corner.</summary>
public readonly record struct PictureArea(int X, int Y, int Width, int Height);

/// <summary>How a picture is made to fit a width and a height; the numbers are those of Kaltura's thumbnail addresses.</summary>
public enum PictureFit
{
    /// <summary>As large as fits, with its own proportions.</summary>
    Within = 1,

    /// <summary>The same in the midst of that width and height, with a colour around.</summary>
    Padded = 2,

    /// <summary>All of that width and height; what is too much is cut off on both sides.</summary>
    Cropped = 3,

    /// <summary>The same, cut off at the bottom and on both sides.</summary>
    CroppedFromTop = 4,

    /// <summary>With other proportions.</summary>
    Stretched = 5,
}

/// <summary>What picture somebody wants of another.</summary>
/// <param name="Width">Points; 0: by the height, and 120 where that is 0 too.</param>
/// <param name="Height">Points; 0: by the width.</param>
/// <param name="Fit">How it is made to fit where both are given.</param>
/// <param name="Source">The part of the picture that is wanted; null: all.</param>
/// <param name="Quality">Of the JPEG, 0 to 100.</param>
/// <param name="Background">RGB around it.</param>
public readonly record struct PictureWish(int Width, int Height, PictureFit Fit, PictureArea? Source, int Quality, int Background)
{
    /// <summary>The most points of a side.</summary>
    public const int MaxSide = 4_096;

    const int DefaultWidth = 120;

    /// <summary>Where the points come from, where they go, and the size of what is made of a picture of a size.</summary>
    public PicturePlan Plan(int width, int height)
    {
        var source = Clip(Source ?? new PictureArea(0, 0, width, height), width, height);
        var (wanted, high) = (Math.Clamp(Width, 0, MaxSide), Math.Clamp(Height, 0, MaxSide));
        if (wanted == 0 || high == 0)
        {
            wanted = wanted > 0 ? wanted : high > 0 ? Side((long)high * source.Width / source.Height) : DefaultWidth;
            high = high > 0 ? high : Side((long)wanted * source.Height / source.Width);
            return new PicturePlan(source, new PictureArea(0, 0, wanted, high), wanted, high);
        }

        return Fit switch
        {
            PictureFit.Stretched => new PicturePlan(source, new PictureArea(0, 0, wanted, high), wanted, high),
            PictureFit.Cropped or PictureFit.CroppedFromTop => new PicturePlan(Cover(source, wanted, high), new PictureArea(0, 0, wanted, high), wanted, high),
            PictureFit.Padded => Within(source, wanted, high) is var (inner, tall)
                ? new PicturePlan(source, new PictureArea((wanted - inner) / 2 & ~1, (high - tall) / 2 & ~1, inner, tall), wanted, high) : default,
            _ => Within(source, wanted, high) is var (inner, tall) ? new PicturePlan(source, new PictureArea(0, 0, inner, tall), inner, tall) : default,
        };
    }

    static (int Width, int Height) Within(in PictureArea source, int width, int height) =>
        (long)source.Width * height > (long)source.Height * width
            ? (width, Side((long)width * source.Height / source.Width)) : (Side((long)height * source.Width / source.Height), height);

    // The largest part with the proportions that are wanted.
    PictureArea Cover(in PictureArea source, int width, int height)
    {
        if ((long)source.Width * height > (long)source.Height * width)
        {
            var kept = Math.Max(1, (int)((long)source.Height * width / height));
            return source with { X = source.X + (source.Width - kept) / 2 & ~1, Width = kept };
        }

        var tall = Math.Max(1, (int)((long)source.Width * height / width));
        return source with { Y = Fit == PictureFit.CroppedFromTop ? source.Y : source.Y + (source.Height - tall) / 2 & ~1, Height = tall };
    }

    static PictureArea Clip(in PictureArea area, int width, int height)
    {
        var (x, y) = (Math.Clamp(area.X, 0, width - 1) & ~1, Math.Clamp(area.Y, 0, height - 1) & ~1);
        return new PictureArea(
            x, y, area.Width <= 0 ? width - x : Math.Min(area.Width, width - x), area.Height <= 0 ? height - y : Math.Min(area.Height, height - y));
    }

    static int Side(long points) => (int)Math.Clamp(points, 1, MaxSide);
}

/// <summary>How a picture is made of another: the part that is taken, where it goes, and the size of the whole.</summary>
public readonly record struct PicturePlan(PictureArea From, PictureArea To, int Width, int Height);
