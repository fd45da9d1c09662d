using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tributary.Media.Frames;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// What one viewer is sent at once: pieces of shared frames with heads of its own between them. A loop has one of these and fills it anew for each
/// viewer; all memory is pinned for good, so filling it costs a few writes per frame.
/// </summary>
sealed unsafe class SendBatch
{
    /// <summary>More pieces than this go with the next call; Linux takes 1,024.</summary>
    public const int MaxPieces = 256;

    const int HeadRoom = 32;

    readonly IoVector[] _pieces = new IoVector[MaxPieces];
    readonly Piece[] _what = new Piece[MaxPieces];
    readonly byte[] _heads = GC.AllocateArray<byte>(MaxPieces * HeadRoom, pinned: true);
    int _count;

    /// <summary>Where the viewer is when all of it has been sent.</summary>
    public ViewerPosition Position;

    /// <summary>Bytes in all pieces.</summary>
    public long Length { get; private set; }

    public ReadOnlySpan<IoVector> Pieces => _pieces.AsSpan(0, _count);

    public bool IsFull => _count > MaxPieces - 2;

    public bool IsEmpty => _count == 0;

    public void Begin(in ViewerPosition position) => (_count, Length, Position) = (0, 0, position);

    /// <summary>What the viewer still has to get before the next frame.</summary>
    public void AddPending(FrameData own, FrameData rest)
    {
        Add(own.Span, new Piece(PieceKind.Own, own, 0, Position));
        Add(rest.Span, new Piece(PieceKind.Rest, rest, 0, Position));
    }

    /// <summary>The next frame, on the viewer's own clock.</summary>
    public void AddFrame(in MuxedFrame frame, IViewerFraming framing)
    {
        ref var position = ref Position;
        position.Next++;
        var isVideo = frame.Kind == TrackKind.Video;
        var (last, lastTime) = isVideo ? (position.LastVideo, position.LastVideoTime) : (position.LastAudio, position.LastAudioTime);
        var (time, continues) = (frame.Time - position.Base, last >= 0 && frame.Previous == last);
        if (!continues && time < Math.Max(0, lastTime))
        {
            return;   // sound from before the picture with which the viewer began
        }

        if (isVideo)
        {
            (position.LastVideo, position.LastVideoTime) = (position.Next - 1, time);
        }
        else
        {
            (position.LastAudio, position.LastAudioTime) = (position.Next - 1, time);
        }

        var head = _heads.AsSpan(_count * HeadRoom, HeadRoom);
        var used = framing.WriteHead(frame, time, lastTime, continues, head, out var replaced);
        Add(head[..used], new Piece(PieceKind.Head, frame.Bytes, replaced, position));
        Add(frame.Bytes.Span[replaced..], new Piece(PieceKind.Body, frame.Bytes, replaced, position));
    }

    /// <summary>
    /// Takes note that only the first <paramref name="sent"/> bytes were taken: what is left of the piece that was cut, and of its frame, becomes the
    /// viewer's own, so that the frame will be whole whatever is dropped behind it.
    /// </summary>
    public void Cut(long sent, Viewer viewer, FrameArena arena)
    {
        var i = 0;
        for (; sent >= (long)_pieces[i].Length; i++)
        {
            sent -= (long)_pieces[i].Length;
        }

        ref readonly var piece = ref _what[i];
        var (own, rest) = (viewer.Own, viewer.Rest);
        switch (piece.Kind)
        {
            case PieceKind.Own:
                viewer.Own = own.Slice((int)sent);
                return;
            case PieceKind.Rest:
                own.Release();
                (viewer.Own, viewer.Rest) = (default, rest.Slice((int)sent));
                return;
            case PieceKind.Head:
                viewer.Position = piece.After;
                (viewer.Own, viewer.Rest) = (arena.Copy(_pieces[i].Span[(int)sent..]), piece.Bytes.Slice(piece.Replaced));
                break;
            default:
                viewer.Position = piece.After;
                (viewer.Own, viewer.Rest) = (default, piece.Bytes.Slice(piece.Replaced + (int)sent));
                break;
        }

        viewer.Rest.Retain();
        own.Release();
        rest.Release();
    }

    void Add(ReadOnlySpan<byte> bytes, in Piece piece)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        // Frames lie in slabs, which are pinned.
        _pieces[_count] = new IoVector((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)), (nuint)bytes.Length);
        _what[_count++] = piece;
        Length += bytes.Length;
    }

    enum PieceKind : byte
    {
        Own,
        Rest,
        Head,
        Body,
    }

    /// <summary>What a piece is part of, and where the viewer is behind it.</summary>
    readonly record struct Piece(PieceKind Kind, FrameData Bytes, int Replaced, ViewerPosition After);
}
