using System.Runtime.InteropServices;

namespace Tributary.Media.Pictures;

/// <summary>
/// One decoded picture (AVFrame). What is used of its layout has been the same since FFmpeg 4:
/// <code>
/// 0 data[8]   64 linesize[8]   96 extended_data   104 width   108 height   112 nb_samples   116 format
/// </code>
/// </summary>
sealed unsafe class AvPicture : IDisposable
{
    const int Lines = 64, WidthAt = 104, HeightAt = 108, FormatAt = 116, Planes = 4;

    nint _frame = LibAv.NewFrame();

    public nint Frame => _frame;

    public int Width => Marshal.ReadInt32(_frame, WidthAt);

    public int Height => Marshal.ReadInt32(_frame, HeightAt);

    public int Format => Marshal.ReadInt32(_frame, FormatAt);

    /// <summary>A picture of that size whose points are not set; null: there is no memory for it.</summary>
    public static AvPicture? Of(int width, int height, int format)
    {
        var picture = new AvPicture();
        Marshal.WriteInt32(picture._frame, WidthAt, width);
        Marshal.WriteInt32(picture._frame, HeightAt, height);
        Marshal.WriteInt32(picture._frame, FormatAt, format);
        if (LibAv.Allocate(picture._frame, 0) >= 0)
        {
            return picture;
        }

        picture.Dispose();
        return null;
    }

    /// <summary>Sets every point of a planar 4:2:0 picture.</summary>
    public void Fill(byte y, byte u, byte v)
    {
        for (var plane = 0; plane < 3; plane++)
        {
            var rows = plane == 0 ? Height : (Height + 1) / 2;
            var length = Stride(plane) * rows;
            new Span<byte>((void*)Plane(plane), length).Fill(plane switch { 0 => y, 1 => u, _ => v });
        }
    }

    /// <summary>
    /// Scales a part of <paramref name="source"/> into a part of this one. Parts begin at even places, and are of planar 4:2:0 pictures unless they are all of
    /// one.
    /// </summary>
    public bool TryScale(AvPicture source, in PictureArea from, in PictureArea to)
    {
        var scaler = LibAv.NewScaler(from.Width, from.Height, source.Format, to.Width, to.Height, Format, Bicubic, 0, 0, 0);
        if (scaler == 0)
        {
            return false;
        }

        nint* read = stackalloc nint[Planes], written = stackalloc nint[Planes];
        int* readStrides = stackalloc int[Planes], writtenStrides = stackalloc int[Planes];
        source.Places(from, read, readStrides);
        Places(to, written, writtenStrides);
        var rows = LibAv.Run(scaler, read, readStrides, 0, from.Height, written, writtenStrides);
        LibAv.FreeScaler(scaler);
        return rows == to.Height;
    }

    const int Bicubic = 4;

    void Places(in PictureArea area, nint* planes, int* strides)
    {
        for (var plane = 0; plane < Planes; plane++)
        {
            var half = plane is 1 or 2 ? 1 : 0;
            strides[plane] = Stride(plane);
            planes[plane] = Plane(plane) == 0 ? 0 : Plane(plane) + (area.Y >> half) * (nint)strides[plane] + (area.X >> half);
        }
    }

    nint Plane(int plane) => Marshal.ReadIntPtr(_frame, plane * sizeof(nint));

    int Stride(int plane) => Marshal.ReadInt32(_frame, Lines + plane * sizeof(int));

    public void Dispose() => LibAv.FreeFrame(ref _frame);
}
