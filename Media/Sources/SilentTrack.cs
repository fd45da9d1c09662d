using Tributary.Media.Frames;

namespace Tributary.Media.Sources;

/// <summary>Silence of any length: AAC-LC of 44.1 kHz in two channels, every frame the same few bytes (ISO/IEC 14496-3 §4.4.2).</summary>
public sealed class SilentTrack : SourceTrack
{
    const int SampleRate = 44_100;
    const int FrameTicks = 1_024;

    // One channel pair element with a common window and no spectral data.
    static ReadOnlySpan<byte> Frame => [0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80];

    // What manifests say: players that have room for it have room for the sound before and after.
    const int ToldBitrate = 128 << 10;

    // An AudioSampleEntry with its decoder configuration (ISO/IEC 14496-14 §5.6).
    static readonly byte[] Entry = Convert.FromHexString(
        "0000004B6D703461" + "0000000000000001" + "0000000000000000" + "0002001000000000AC440000"
        + "0000002765736473" + "00000000" + "0319000100" + "0411401500000000020000000200000502" + "1210" + "060102");

    readonly int _frames;

    SilentTrack(int frames) => _frames = frames;

    /// <summary>A track of at least this length, and the bytes of its frames.</summary>
    public static (SilentTrack Track, IByteSource Bytes) Of(long milliseconds)
    {
        var frames = (int)Math.Clamp((milliseconds * SampleRate / 1000 + FrameTicks - 1) / FrameTicks, 1, int.MaxValue / FrameTicks);
        var info = new TrackInfo
        {
            Id = 1, Codec = Codec.Aac, Timescale = SampleRate, SampleRate = SampleRate, Channels = 2, DecoderConfig = new byte[] { 0x12, 0x10 },
            CodecString = "mp4a.40.2",
        };
        var duration = (long)frames * FrameTicks;
        return (new SilentTrack(frames) { Info = info, IndexInKind = 1, Duration = duration, DeclaredDuration = duration, SampleEntry = Entry }, new FrameSource());
    }

    public override int FrameCount => _frames;

    public override long TotalBytes => (long)_frames * Frame.Length;

    public override long Bitrate => ToldBitrate;

    public override bool HasKeyFrameTable => false;

    public override int FindFrame(long decodeTime) => (int)Math.Clamp((decodeTime + FrameTicks - 1) / FrameTicks, 0, _frames);

    public override int NextKeyFrame(int frame) => Math.Clamp(frame, 0, _frames);

    public override int PreviousKeyFrame(int frame) => Math.Min(frame, _frames - 1);

    public override long DecodeTimeOf(int frame) => (long)frame * FrameTicks;

    public override int Read(int first, Span<SourceFrame> frames)
    {
        var count = Math.Clamp(_frames - first, 0, frames.Length);
        for (var i = 0; i < count; i++)
        {
            frames[i] = new SourceFrame(0, Frame.Length, (long)(first + i) * FrameTicks, FrameTicks, 0, true);
        }

        return count;
    }

    sealed class FrameSource : IByteSource
    {
        public long Length => Frame.Length;

        public DateTimeOffset? LastModified => null;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            var rest = Frame[(int)Math.Clamp(offset, 0, Frame.Length)..];
            var count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer.Span);
            return new(count);
        }

        public ValueTask DisposeAsync() => default;
    }
}
