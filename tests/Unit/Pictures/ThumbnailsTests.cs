using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Tributary.Grains.Platform.Content;
using Tributary.Media.Frames;
using Tributary.Media.Pictures;

namespace Tributary.Unit.Pictures;

/// <summary>Pictures to the size that is asked for: the arithmetic, and what comes of real pictures where this machine has FFmpeg's libraries.</summary>
public sealed class ThumbnailsTests
{
    [Theory]
    [InlineData(1, 0, 0, 640, 360, "0,0,640,360 -> 0,0,120,67 of 120x67")]
    [InlineData(1, 320, 0, 640, 360, "0,0,640,360 -> 0,0,320,180 of 320x180")]
    [InlineData(1, 0, 90, 640, 360, "0,0,640,360 -> 0,0,160,90 of 160x90")]
    [InlineData(1, 200, 200, 640, 360, "0,0,640,360 -> 0,0,200,112 of 200x112")]
    [InlineData(1, 200, 100, 360, 640, "0,0,360,640 -> 0,0,56,100 of 56x100")]
    [InlineData(2, 200, 200, 640, 360, "0,0,640,360 -> 0,44,200,112 of 200x200")]
    [InlineData(3, 100, 100, 640, 360, "140,0,360,360 -> 0,0,100,100 of 100x100")]
    [InlineData(3, 200, 50, 360, 640, "0,274,360,90 -> 0,0,200,50 of 200x50")]
    [InlineData(4, 200, 50, 360, 640, "0,0,360,90 -> 0,0,200,50 of 200x50")]
    [InlineData(5, 100, 100, 640, 360, "0,0,640,360 -> 0,0,100,100 of 100x100")]
    [InlineData(5, 100_000, 100_000, 640, 360, "0,0,640,360 -> 0,0,4096,4096 of 4096x4096")]
    [InlineData(1, 1, 0, 10_000, 1, "0,0,10000,1 -> 0,0,1,1 of 1x1")]
    public void A_picture_is_made_to_fit(int fit, int width, int height, int sourceWidth, int sourceHeight, string expected) =>
        Assert.Equal(expected, Show(new PictureWish(width, height, (PictureFit)fit, null, 75, 0).Plan(sourceWidth, sourceHeight)));

    [Theory]
    [InlineData(101, 50, 200, 100, "100,50,200,100 -> 0,0,120,60 of 120x60")]
    [InlineData(600, 300, 200, 100, "600,300,40,60 -> 0,0,120,180 of 120x180")]
    [InlineData(9_999, 9_999, 0, 0, "638,358,2,2 -> 0,0,120,120 of 120x120")]
    public void A_part_that_is_wanted_is_cut_to_the_picture(int x, int y, int width, int height, string expected) =>
        Assert.Equal(expected, Show(new PictureWish(0, 0, PictureFit.Within, new PictureArea(x, y, width, height), 75, 0).Plan(640, 360)));

    static string Show(PicturePlan plan) => $"{Show(plan.From)} -> {Show(plan.To)} of {plan.Width}x{plan.Height}";

    static string Show(PictureArea area) => $"{area.X},{area.Y},{area.Width},{area.Height}";

    [Theory]
    [InlineData(null, 0, null, 0, 0, "3")]
    [InlineData(7.5, 4, null, 0, 0, "7.5")]
    [InlineData(99.0, 0, null, 0, 0, "20")]
    [InlineData(null, 4, null, 0, 0, "0 5 10 15")]
    [InlineData(null, 4, 2, 0, 0, "10")]
    [InlineData(null, 4, 9, 0, 0, "15")]
    [InlineData(null, 2, null, 4, 8, "4 6")]
    [InlineData(null, 2, null, 30, 8, "20 20")]
    [InlineData(null, 100, null, 0, 0, "0 0.2 0.4 0.6 0.8")]   // more than are made
    public void Moments_of_a_clip(double? seconds, int slices, int? slice, double start, double end, string expected) =>
        Assert.Equal(expected, string.Join(' ', new PictureMoments(seconds, slices, slice, start, end).Of(20, 5).Select(moment => FormattableString.Invariant($"{moment:0.##}"))));

    [SkippableTheory]
    [InlineData(1, 160, 0, 160, 90)]
    [InlineData(2, 101, 99, 101, 99)]
    [InlineData(3, 33, 77, 33, 77)]
    [InlineData(1, 0, 0, 120, 67)]
    public void A_picture_file_becomes_a_JPEG_of_that_size(int fit, int width, int height, int expectedWidth, int expectedHeight)
    {
        Skip.If(Thumbnails.Missing.Length > 0, Thumbnails.Missing);
        Assert.True(Thumbnails.TryMake(Png(640, 360), new PictureWish(width, height, (PictureFit)fit, null, 75, 0xFF0000), out var jpeg, out var why), why);
        Assert.Equal("jpg", PictureFacts.Of(jpeg, out var madeWidth, out var madeHeight));
        Assert.Equal((expectedWidth, expectedHeight), (madeWidth, madeHeight));

        // And a JPEG another, of a part of it.
        Assert.True(Thumbnails.TryMake(jpeg, new PictureWish(20, 20, PictureFit.Stretched, new PictureArea(3, 3, 15, 17), 100, 0), out var again, out why), why);
        PictureFacts.Of(again, out madeWidth, out madeHeight);
        Assert.Equal((20, 20), (madeWidth, madeHeight));
    }

    [SkippableFact]
    public void A_better_quality_takes_more_bytes()
    {
        Skip.If(Thumbnails.Missing.Length > 0, Thumbnails.Missing);
        int[] sizes = [.. new[] { 1, 40, 75, 100 }.Select(quality => Thumbnails.TryMake(Png(640, 360), new PictureWish(320, 0, PictureFit.Within, null, quality, 0), out var jpeg, out _) ? jpeg.Length : 0)];
        Assert.Equal(sizes.Order(), sizes);
        Assert.True(sizes[3] > sizes[0] * 2, string.Join(' ', sizes));
    }

    [SkippableFact]
    public void What_is_no_picture_is_none()
    {
        Skip.If(Thumbnails.Missing.Length > 0, Thumbnails.Missing);
        var wish = new PictureWish(0, 0, PictureFit.Within, null, 75, 0);
        var png = Png(64, 48);
        foreach (var file in new[] { [], [0xFF, 0xD8], Encoding.ASCII.GetBytes("<svg/>"), png[..40], Png(30_000, 30_000, rows: 1) })
        {
            Assert.False(Thumbnails.TryMake(file, wish, out var jpeg, out var why));
            Assert.Empty(jpeg);
            Assert.NotEqual("", why);
        }

        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var damaged = png.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            Thumbnails.TryMake(damaged, wish, out _, out _);   // whatever comes of it, it comes back
        }

        Assert.False(Thumbnails.TryMake(new TrackInfo { Id = 1, Codec = Codec.H264, Timescale = 90_000 }, [0, 0, 0, 2, 0x65, 0x88], wish, out _, out _));
    }

    // Stripes of eight bits grey.
    static byte[] Png(int width, int height, int rows = -1)
    {
        var pixels = new MemoryStream();
        using (var deflated = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var y = 0; y < (rows < 0 ? height : rows); y++)
            {
                deflated.WriteByte(0);
                deflated.Write([.. Enumerable.Range(0, width).Select(x => (byte)(x * 7 + y * 3))]);
            }
        }

        var head = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(head, width);
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), height);
        head[8] = 8;
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", head), .. Chunk("IDAT", pixels.ToArray()), .. Chunk("IEND", [])];
    }

    static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        var (length, sum) = (new byte[4], new byte[4]);
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, Crc(body));
        return [.. length, .. body, .. sum];
    }

    // RFC 2083 appendix 15.
    static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
    }
}
