namespace Tributary.Grains.Recordings;

/// <summary>Whether there is room for more in a folder, which may be on a disk of its own; looked at once a second at most.</summary>
sealed class DiskLimit(JournalFolder recordings, RecordingOptions options, TimeProvider time)
{
    static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    readonly Lock _gate = new();
    readonly Dictionary<JournalFolder, (long At, string Reason)> _looks = [];

    /// <summary>Why nothing may be written there now; empty where there is room. A disk that cannot be looked at has none.</summary>
    public string Reason(JournalFolder folder)
    {
        lock (_gate)
        {
            if (!_looks.TryGetValue(folder, out var look) || time.GetElapsedTime(look.At) >= Age)
            {
                _looks[folder] = look = (time.GetTimestamp(), LookAt(folder));
            }

            return look.Reason;
        }
    }

    string LookAt(JournalFolder folder)
    {
        try
        {
            Directory.CreateDirectory(folder.Root);
            var free = new DriveInfo(folder.Root).AvailableFreeSpace;
            if (free < options.MinFreeBytes)
            {
                return $"The disk has {free / 1_048_576} MiB free, less than Recording:MinFreeBytes asks for ({options.MinFreeBytes / 1_048_576} MiB).";
            }

            return folder == recordings && options.MaxBytes > 0 && recordings.Bytes() >= options.MaxBytes
                ? $"Recordings have as many bytes as they may (Recording:MaxBytes, {options.MaxBytes})."
                : "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
