using System.Buffers;
using Tributary.Media.Frames;

namespace Tributary.Media.Containers.MpegTs;

/// <summary>
/// An MPEG transport stream without an end (ISO/IEC 13818-1): one frame after another, continuity counters going on, tables wherever a reader may
/// begin. Times are those of the stream's timeline, as in <see cref="TsSegment"/>.
/// </summary>
public sealed class TsLiveMuxer(TrackInfo? video, TrackInfo? audio)
{
    TsProgram _program = new(video, audio);
    long _tables;

    /// <summary>Writes a frame, behind the tables where <paramref name="withTables"/>. Returns the bytes written, a multiple of 188.</summary>
    public long Write(IBufferWriter<byte> output, in Frame frame, bool withTables)
    {
        ArgumentNullException.ThrowIfNull(output);
        var writer = new TsPacketWriter(output);
        if (withTables)
        {
            _program.WriteTables(ref writer, _tables++);
        }

        _program.TryWrite(ref writer, frame);
        writer.Flush();
        return writer.Length;
    }

    /// <summary>The same program with other tracks: another codec, or one that was not known before. Counters and clock go on.</summary>
    public void SetTracks(TrackInfo? newVideo, TrackInfo? newAudio) => _program = _program.With(newVideo, newAudio);
}
