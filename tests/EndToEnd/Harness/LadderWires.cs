namespace Tributary.EndToEnd.Harness;

/// <summary>The ways of one encoder's three outputs.</summary>
sealed class LadderWires(int port) : IAsyncDisposable
{
    readonly Wire[] _wires = [new(port), new(port), new(port)];

    public Wire this[int rendition] => _wires[rendition - 1];

    /// <summary>ffmpeg with an output for each rendition, which connects again when its way is cut. <paramref name="slot"/>: 1 for the backup.</summary>
    public async Task<ChildProcess> Publish(string name, int slot = 0)
    {
        string[] files = [await SourceMedia.Plain, await SourceMedia.Smaller, await SourceMedia.Smallest];
        string[] inputs = [.. files.SelectMany(file => new[] { "-re", "-stream_loop", "-1", "-i", file })];
        string[] outputs = [.. _wires.SelectMany((wire, index) => new[]
        {
            "-map", $"{index}", "-c", "copy", "-f", "fifo", "-fifo_format", "flv", "-queue_size", "600", "-drop_pkts_on_overflow", "1", "-attempt_recovery", "1",
            "-recovery_wait_time", "1", "-recover_any_error", "1", "-restart_with_keyframe", "1", $"rtmp://127.0.0.1:{wire.Port}/live/{name}_{index + 1}?i={slot}",
        })];
        return ChildProcess.Start("ffmpeg", ["-nostdin", "-v", "warning", .. inputs, .. outputs]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var wire in _wires)
        {
            await wire.DisposeAsync();
        }
    }
}
