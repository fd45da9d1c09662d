using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tributary.Gateway.Streaming;

/// <summary>
/// A viewer's own socket: one sendmsg(2) for many pieces of shared memory, without a copy in this process. <see cref="Socket"/> would pin each piece
/// anew and allocate for more than eight of them. The handle is counted for the length of each call, so a socket that is closed meanwhile is no
/// danger.
/// </summary>
sealed unsafe partial class SocketOutput(Socket socket) : IViewerOutput
{
    const int DontWait = 0x40, NoSignal = 0x4000;
    const int TryAgain = 11, Interrupted = 4;

    readonly SafeSocketHandle _handle = socket.SafeHandle;

    /// <summary>Whether the layout of msghdr is known here.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess && BitConverter.IsLittleEndian;

    public long Send(ReadOnlySpan<IoVector> pieces)
    {
        fixed (IoVector* first = pieces)
        {
            var message = new MessageHeader { Pieces = first, Count = (nuint)pieces.Length };
            while (true)
            {
                try
                {
                    var sent = SendMessage(_handle, &message, DontWait | NoSignal);
                    if (sent >= 0)
                    {
                        return sent;
                    }
                }
                catch (ObjectDisposedException)
                {
                    return -1;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted:
                        continue;
                    case TryAgain:
                        return 0;
                    default:
                        return -1;
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeSocketHandle socket, MessageHeader* message, int flags);

    // struct msghdr of Linux on 64 bits, little endian; glibc and musl agree there.
    [StructLayout(LayoutKind.Sequential)]
    struct MessageHeader
    {
        public void* Name;
        public nuint NameLength;
        public IoVector* Pieces;
        public nuint Count;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
