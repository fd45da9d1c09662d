using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Pictures;

/// <summary>
/// Makes JPEGs of coded pictures: decoded, the part that is wanted scaled to its size, encoded. By the system's FFmpeg libraries; where those
/// are missing, or what is given is no picture, nothing is made and the sentence says why.
/// </summary>
public static class Thumbnails
{
    /// <summary>Points of a picture that is decoded: more is refused before memory is taken for it.</summary>
    const int MaxPoints = 40_000_000;

    const int MaxStrip = 65_500;

    const string Planar = "yuvj420p";

    /// <summary>Why no picture can be made on this machine; empty where they can.</summary>
    public static string Missing => LibAv.Missing;

    /// <summary>A JPEG of a key frame.</summary>
    public static bool TryMake(TrackInfo track, ReadOnlySpan<byte> keyFrame, in PictureWish wish, out byte[] jpeg, out string why)
    {
        using var picture = LibAv.Missing.Length == 0 ? Decode(track, keyFrame) : null;
        return TryMake(picture, wish, out jpeg, out why);
    }

    static AvPicture? Decode(TrackInfo track, ReadOnlySpan<byte> keyFrame)
    {
        var decoder = track.Codec switch { Codec.H264 => "h264", Codec.Hevc => "hevc", Codec.Vp8 => "vp8", Codec.Vp9 => "vp9", Codec.Av1 => "libdav1d", _ => "" };
        return Decode(decoder, track.Codec is Codec.H264 or Codec.Hevc ? ByteStream(track, keyFrame) : keyFrame);
    }

    /// <summary>A JPEG of key frames beside each other, each in a cell of the first one's size; of what cannot be decoded the cell stays empty.</summary>
    public static bool TryMake(IReadOnlyList<KeyFrame> keyFrames, in PictureWish wish, out byte[] jpeg, out string why)
    {
        if (keyFrames.Count == 1)
        {
            return TryMake(keyFrames[0].Track, keyFrames[0].Bytes, wish, out jpeg, out why);
        }

        (jpeg, why) = ([], LibAv.Missing.Length > 0 ? LibAv.Missing : "there is no picture");
        AvPicture? strip = null;
        for (var at = 0; at < keyFrames.Count && LibAv.Missing.Length == 0; at++)
        {
            using var picture = Decode(keyFrames[at].Track, keyFrames[at].Bytes);
            using var scaled = picture is { Width: > 0, Height: > 0 } ? Scale(picture, wish.Plan(picture.Width, picture.Height), wish.Background) : null;
            strip ??= scaled is null ? null : Strip(keyFrames.Count, scaled, wish.Background);
            if (scaled is not null && strip is not null)
            {
                var width = strip.Width / keyFrames.Count;
                strip.TryScale(scaled, new PictureArea(0, 0, scaled.Width, scaled.Height), new PictureArea(at * width, 0, width, strip.Height));
            }
        }

        using (strip)
        {
            jpeg = strip is null ? [] : Encode(strip, wish.Quality);
            return jpeg.Length > 0;
        }
    }

    // Cells begin at even places, and a side of a JPEG has 16 bits (ITU-T T.81 §B.2.2).
    static AvPicture? Strip(int cells, AvPicture first, int background)
    {
        var width = Math.Min((first.Width + 1) & ~1, MaxStrip / cells & ~1);
        var strip = width == 0 || (long)cells * width * first.Height > MaxPoints ? null : AvPicture.Of(cells * width, first.Height, LibAv.PixelFormat(Planar));
        var (y, u, v) = Colour(background);
        strip?.Fill(y, u, v);
        return strip;
    }

    /// <summary>A JPEG of a picture file: JPEG or PNG.</summary>
    public static bool TryMake(ReadOnlySpan<byte> file, in PictureWish wish, out byte[] jpeg, out string why)
    {
        var decoder = file is [0x89, (byte)'P', (byte)'N', (byte)'G', ..] ? "png" : file is [0xFF, 0xD8, ..] ? "mjpeg" : "";
        using var picture = LibAv.Missing.Length == 0 ? Decode(decoder, file) : null;
        return TryMake(picture, wish, out jpeg, out why);
    }

    static bool TryMake(AvPicture? picture, in PictureWish wish, out byte[] jpeg, out string why)
    {
        (jpeg, why) = ([], LibAv.Missing);
        if (why.Length > 0)
        {
            return false;
        }

        if (picture is not { Width: > 0, Height: > 0 })
        {
            why = "it cannot be decoded";
            return false;
        }

        using var scaled = Scale(picture, wish.Plan(picture.Width, picture.Height), wish.Background);
        jpeg = scaled is null ? [] : Encode(scaled, wish.Quality);
        why = jpeg.Length > 0 ? "" : "it cannot be scaled";
        return jpeg.Length > 0;
    }

    // Decoders take parameter sets from the byte stream (Annex B).
    static byte[] ByteStream(TrackInfo track, ReadOnlySpan<byte> frame)
    {
        var bytes = new List<byte>(frame.Length + 256);
        foreach (var set in NalUnits.ParameterSets(track.Codec, track.DecoderConfig.Span))
        {
            bytes.AddRange([0, 0, 0, 1]);
            bytes.AddRange(set);
        }

        foreach (var nal in NalUnits.LengthPrefixed(frame, NalUnits.LengthSize(track.Codec, track.DecoderConfig.Span)))
        {
            bytes.AddRange([0, 0, 0, 1]);
            bytes.AddRange(nal);
        }

        return [.. bytes];
    }

    static AvPicture? Decode(string name, ReadOnlySpan<byte> coded)
    {
        using var decoder = AvCoder.Decoder(name, [("threads", "1"), ("max_pixels", $"{MaxPoints}")]);
        if (decoder is null || !decoder.TrySend(coded))
        {
            return null;
        }

        var picture = new AvPicture();
        if (LibAv.ReceiveFrame(decoder.Context, picture.Frame) >= 0)
        {
            return picture;
        }

        picture.Dispose();
        return null;
    }

    static AvPicture? Scale(AvPicture picture, in PicturePlan plan, int background)
    {
        var planar = LibAv.PixelFormat(Planar);
        var (whole, from) = (new PictureArea(0, 0, picture.Width, picture.Height), plan.From);
        using var all = from != whole ? AvPicture.Of(picture.Width, picture.Height, planar) : null;
        var made = AvPicture.Of(plan.Width, plan.Height, planar);
        if (made is null || from != whole && (all is null || !all.TryScale(picture, whole, whole)))
        {
            made?.Dispose();
            return null;
        }

        var (y, u, v) = Colour(background);
        made.Fill(y, u, v);
        if (made.TryScale(all ?? picture, from, plan.To))
        {
            return made;
        }

        made.Dispose();
        return null;
    }

    static byte[] Encode(AvPicture picture, int quality)
    {
        var quantiser = $"{31 - Math.Clamp(quality, 0, 100) * 29 / 100}";   // 2 is the best, 31 the smallest
        using var encoder = AvCoder.Encoder("mjpeg",
        [
            ("video_size", $"{picture.Width}x{picture.Height}"), ("pixel_format", Planar), ("time_base", "1/25"), ("threads", "1"), ("qmin", quantiser), ("qmax", quantiser),
        ]);
        return encoder is null || LibAv.SendFrame(encoder.Context, picture.Frame) < 0 ? [] : encoder.Receive();
    }

    // JPEG's full range (ITU-T T.871 §7).
    static (byte Y, byte U, byte V) Colour(int rgb)
    {
        var (r, g, b) = ((rgb >> 16) & 0xFF, (rgb >> 8) & 0xFF, rgb & 0xFF);
        return ((byte)((299 * r + 587 * g + 114 * b) / 1_000), (byte)Math.Clamp(128 + (-169 * r - 331 * g + 500 * b) / 1_000, 0, 255), (byte)Math.Clamp(128 + (500 * r - 419 * g - 81 * b) / 1_000, 0, 255));
    }
}
