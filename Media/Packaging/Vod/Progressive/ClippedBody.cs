using System.IO.Pipelines;
using Tributary.Media.Sources;

namespace Tributary.Media.Packaging.Vod.Progressive;

/// <summary>Bytes in memory, and behind them a part of a source as it is. Also a whole file: nothing in memory, and all of the source.</summary>
public sealed class ClippedBody(ReadOnlyMemory<byte> header, IByteSource source, long start, long count) : PackagedBody
{
    const int Block = 64 << 10;

    public override long Length => header.Length + count;

    public override async ValueTask WriteAsync(PipeWriter output, long from, long count, CancellationToken cancellation)
    {
        var end = from + count;
        if (from < header.Length)
        {
            var part = header[(int)from..(int)Math.Min(header.Length, end)];
            await output.WriteAsync(part, cancellation);
            from += part.Length;
        }

        while (from < end)
        {
            var wanted = (int)Math.Min(Block, end - from);
            var memory = output.GetMemory(wanted)[..wanted];
            var read = await source.ReadAsync(start + from - header.Length, memory, cancellation);
            if (read == 0)
            {
                throw new IOException("the source became shorter while it was read");
            }

            output.Advance(read);
            from += read;
            if ((await output.FlushAsync(cancellation)).IsCompleted)
            {
                return;
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await base.DisposeAsync();
    }
}
