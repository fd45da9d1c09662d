using Tributary.Media.Codecs;
using Tributary.Media.Frames;

namespace Tributary.Media.Pictures;

/// <summary>
/// Makes JPEGs of coded pictures: 1. decoded, 2. the part that is wanted scaled to its size, 3. encoded. By the system's FFmpeg libraries; where those
/// are missing, or what is given is no picture, nothing is made and the sentence says why.
/// </summary>
public static class Thumbnails
{
    /// <summary>Points of a picture that is decoded: more is refused before memory is taken for it.</summary>
    const int MaxPoints = 40_000_000;

    const string Planar = "yuvj420p";

    /// <summary>Why no picture can be made on this machine; empty where they can.</summary>
    public static string Missing => LibAv.Missing;

    /// <summary>A JPEG of a key frame.</summary>
    public static bool TryMake(TrackInfo track, ReadOnlySpan<byte> keyFrame, in PictureWish wish, out byte[] jpeg, out string why)
    {
        var decoder = track.Codec switch { Codec.H264 => "h264", Codec.Hevc => "hevc", Codec.Vp8 => "vp8", Codec.Vp9 => "vp9", Codec.Av1 => "libdav1d", _ => "" };
        return TryMake(decoder, track.Codec is Codec.H264 or Codec.Hevc ? ByteStream(track, keyFrame) : keyFrame, wish, out jpeg, out why);
    }

    /// <summary>A JPEG of a picture file: JPEG or PNG.</summary>
    public static bool TryMake(ReadOnlySpan<byte> file, in PictureWish wish, out byte[] jpeg, out string why) =>
        TryMake(file is [0x89, (byte)'P', (byte)'N', (byte)'G', ..] ? "png" : file is [0xFF, 0xD8, ..] ? "mjpeg" : "", file, wish, out jpeg, out why);

    static bool TryMake(string decoder, ReadOnlySpan<byte> coded, in PictureWish wish, out byte[] jpeg, out string why)
    {
        (jpeg, why) = ([], LibAv.Missing);
        if (why.Length > 0)
        {
            return false;
        }

        // 1.
        using var picture = Decode(decoder, coded);
        if (picture is not { Width: > 0, Height: > 0 })
        {
            why = "it cannot be decoded";
            return false;
        }

        // 2. and 3.
        var plan = wish.Plan(picture.Width, picture.Height);
        using var scaled = Scale(picture, plan, wish.Background);
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
