using Microsoft.Extensions.Logging;
using Tributary.Grains.VodEntries;

namespace Tributary.Grains.Recordings;

// As which entry the stream is recorded: it is begun, gone on with, and ended.
public sealed partial class RecordingGrain
{
    async Task<bool> IsFull() =>
        await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Describe() is not { } entry || entry.Duration >= options.Value.MaxDuration;

    async Task BeginEntry(long nextMsn)
    {
        if (!await GoesOn())
        {
            (Stored.Entry, Stored.EntryBegan) = (NewId(), time.GetUtcNow());
        }

        (Stored.IsRecording, Stored.NextMsn) = (true, Math.Max(Stored.NextMsn, nextMsn));
        await state.WriteStateAsync();
        await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Record(Stream, Stream);
    }

    // Whether the last entry is the right one for this session too.
    async Task<bool> GoesOn()
    {
        if (Stored.Entry.Length == 0 || await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Describe() is not { } entry)
        {
            return false;
        }

        return Mode == RecordingMode.Appended
            ? entry.Duration < options.Value.AppendedLength && time.GetUtcNow() - entry.Created < options.Value.AppendedAge
            : time.GetUtcNow() - Stored.EndedAt < options.Value.ReconnectWithin && entry.Duration < options.Value.MaxDuration;
    }

    async Task EndEntry(string why)
    {
        if (!Stored.IsRecording)
        {
            await state.WriteStateAsync();
            return;
        }

        (Stored.IsRecording, Stored.EndedAt) = (false, default);   // what comes next is another entry
        LogEnded(Stream, Stored.Entry, why);
        await Assign($"recording ended: {why}", Stored.Node);
        await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Complete();
    }

    // Off air, and everything is on disk.
    async Task Finish()
    {
        if (IsLive)
        {
            return;   // it ended because it was told to, or the stream is back already
        }

        var wasRecording = Stored.IsRecording;
        (Stored.IsRecording, Stored.Node) = (false, "");
        await state.WriteStateAsync();
        if (wasRecording)
        {
            LogEnded(Stream, Stored.Entry, "the stream went off air");
            await GrainFactory.GetGrain<IVodEntryGrain>(Stored.Entry).Complete();
        }
    }

    // As the platform writes ids: ten characters of which the first says where it was made.
    static string NewId() => "1_" + string.Create(8, 0, static (text, _) =>
        System.Security.Cryptography.RandomNumberGenerator.GetItems("abcdefghijklmnopqrstuvwxyz0123456789", text));

    [LoggerMessage(LogLevel.Information, "Recording of stream {Stream} as {Entry} ended: {Why}")]
    partial void LogEnded(string stream, string entry, string why);
}
