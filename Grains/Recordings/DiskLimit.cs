namespace Tributary.Grains.Recordings;

/// <summary>Whether there is room for more in a folder, which may be on a disk of its own; looked at once a second at most.</summary>
sealed class DiskLimit(JournalFolder recordings, RecordingOptions options, TimeProvider time)
{
    static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    readonly Lock _gate = new();
    readonly Dictionary<JournalFolder, Look> _looks = [];

    /// <summary>Empty where there is room. A disk that cannot be looked at has none.</summary>
    public string Reason(JournalFolder folder, bool isRecording)
    {
        lock (_gate)
        {
            if (!_looks.TryGetValue(folder, out var look) || time.GetElapsedTime(look.At) >= Age)
            {
                _looks[folder] = look = LookAt(folder);
            }

            return look.Disk.Length > 0 || !isRecording ? look.Disk : look.Bytes;
        }
    }

    Look LookAt(JournalFolder folder)
    {
        try
        {
            Directory.CreateDirectory(folder.Root);
            var free = new DriveInfo(folder.Root).AvailableFreeSpace;
            var disk = free < options.MinFreeBytes
                ? $"The disk has {free / 1_048_576} MiB free, less than Recording:MinFreeBytes asks for ({options.MinFreeBytes / 1_048_576} MiB)."
                : "";
            var bytes = options.MaxBytes > 0 && recordings.Bytes() >= options.MaxBytes
                ? $"Recordings have as many bytes as they may (Recording:MaxBytes, {options.MaxBytes})."
                : "";
            return new Look(time.GetTimestamp(), disk, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Look(time.GetTimestamp(), exception.Message, "");
        }
    }

    readonly record struct Look(long At, string Disk, string Bytes);
}
