using System.Buffers.Binary;
using Tributary.Media.Containers.Mp4;
using Tributary.Media.Frames;
using Tributary.Media.Sets;
using Tributary.Media.Sources;

namespace Tributary.Gateway.Vod;

/// <summary>A minute of H.264 and AAC that is not there: real tables, and frames of one NAL unit each. What the packager is tried on before anybody asks.</summary>
sealed class WarmUpMovie : IByteSource, IMediaOpener
{
    const int Seconds = 60, FrameSize = 200;

    readonly byte[] _head;
    readonly long _media;
    MediaReadResult? _read;

    WarmUpMovie(byte[] head, long media) => (_head, _media) = (head, media);

    public long Length => _head.Length + _media;

    public DateTimeOffset? LastModified => null;

    // avcC of a picture of 640x360 (ISO/IEC 14496-15 §5.3.3.1), AudioSpecificConfig of 48 kHz stereo (ISO/IEC 14496-3 §1.6.2).
    static ReadOnlySpan<byte> Avc => Convert.FromHexString("0164001effe1001a6764001eacd940a02ff97011000003000100000300320f162d9601000468efbcb0fdf8f800");

    static ReadOnlySpan<byte> Aac => [0x11, 0x90];

    public static WarmUpMovie Make()
    {
        var movie = new ProgressiveMovie();
        var video = movie.Add(new TrackInfo { Id = 1, Codec = Codec.H264, Timescale = 12_800, Width = 640, Height = 360, DecoderConfig = Avc.ToArray() });
        var audio = movie.Add(new TrackInfo { Id = 2, Codec = Codec.Aac, Timescale = 48_000, SampleRate = 48_000, Channels = 2, DecoderConfig = Aac.ToArray() });
        for (var second = 0; second < Seconds; second++)
        {
            movie.AddChunk(video, second * 12_800L, [.. Enumerable.Range(0, 25).Select(frame => new MovieSample(FrameSize, 512, 1_024, frame == 0))]);
            movie.AddChunk(audio, second * 48_128L, [.. Enumerable.Range(0, 47).Select(_ => new MovieSample(FrameSize, 1_024, 0, true))]);
        }

        return new WarmUpMovie(movie.Write()!, movie.MediaLength);
    }

    public async Task<MediaReadResult> OpenAsync(CancellationToken cancellation) => _read = await MediaFormats.ReadAsync(this, PackagingOptions.Default.Reading, cancellation);

    public ValueTask<OpenedMedia> OpenAsync(SourceClip clip, CancellationToken cancellation) =>
        new(new OpenedMedia(_read!.Failure, _read.Reason, _read.File, null, this));

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
        var bytes = buffer.Span[..count];
        bytes.Clear();
        var known = (int)Math.Clamp(_head.Length - offset, 0, count);
        _head.AsSpan((int)Math.Min(offset, _head.Length), known).CopyTo(bytes);
        for (var at = (FrameSize - (offset + known - _head.Length) % FrameSize) % FrameSize + known; at + 4 <= count; at += FrameSize)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes[(int)at..], FrameSize - 4);
        }

        return new(count);
    }

    public ValueTask DisposeAsync() => default;
}
