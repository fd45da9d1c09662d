using System.Buffers.Binary;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Vod;

/// <summary>A minute of H.264 and AAC with real tables, and frames of one NAL unit each: what the packager is tried on before anybody asks.</summary>
static class WarmUpMovie
{
    const int Seconds = 60, FrameSize = 100;

    // avcC of a picture of 640x360 (ISO/IEC 14496-15 §5.3.3.1), AudioSpecificConfig of 48 kHz stereo (ISO/IEC 14496-3 §1.6.2).
    static ReadOnlySpan<byte> Avc => Convert.FromHexString("0164001effe1001a6764001eacd940a02ff97011000003000100000300320f162d9601000468efbcb0fdf8f800");

    static ReadOnlySpan<byte> Aac => [0x11, 0x90];

    /// <summary>Writes it.</summary>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static void Write(string path)
    {
        var movie = new ProgressiveMovie();
        var video = movie.Add(new TrackInfo { Id = 1, Codec = Codec.H264, Timescale = 12_800, Width = 640, Height = 360, DecoderConfig = Avc.ToArray() });
        var audio = movie.Add(new TrackInfo { Id = 2, Codec = Codec.Aac, Timescale = 48_000, SampleRate = 48_000, Channels = 2, DecoderConfig = Aac.ToArray() });
        for (var second = 0; second < Seconds; second++)
        {
            movie.AddChunk(video, second * 12_800L, [.. Enumerable.Range(0, 25).Select(frame => new MovieSample(FrameSize, 512, 1_024, frame == 0))]);
            movie.AddChunk(audio, second * 48_128L, [.. Enumerable.Range(0, 47).Select(_ => new MovieSample(FrameSize, 1_024, 0, true))]);
        }

        using var file = File.Create(path);
        file.Write(movie.Write()!);
        file.Write(Frames(movie.MediaLength));
    }

    static byte[] Frames(long length)
    {
        var frames = new byte[length];
        for (var at = 0; at < frames.Length; at += FrameSize)
        {
            BinaryPrimitives.WriteInt32BigEndian(frames.AsSpan(at), FrameSize - 4);
        }

        return frames;
    }
}
