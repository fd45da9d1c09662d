using System.Buffers;
using Tributary.Media.Containers.MpegTs;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>Transport stream packets, with the tables wherever a viewer may begin. The clock is the stream's own, as in broadcast.</summary>
sealed class TsMuxer : IStreamMuxer
{
    readonly TsLiveMuxer _muxer = new(null, null);
    readonly ArrayBufferWriter<byte> _packets = new(64 * 1024);

    public bool Carries(TrackInfo track) => TsSupport.Carries(track);

    public void Announce(Announcement announcement) => _muxer.SetTracks(announcement.Video, announcement.Audio);

    public (FrameData Bytes, int BodyLength) Configure(TrackKind kind, ReadOnlySpan<byte> configuration, long time, long step, FrameArena arena) => default;

    public (FrameData Bytes, int BodyLength) Write(in Frame frame, long time, long step, bool joins, FrameArena arena)
    {
        _packets.ResetWrittenCount();
        _muxer.Write(_packets, frame, withTables: joins);
        return (arena.Copy(_packets.WrittenSpan), _packets.WrittenCount);
    }
}
