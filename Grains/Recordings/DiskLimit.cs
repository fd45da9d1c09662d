namespace Tributary.Grains.Recordings;

/// <summary>Whether there is room for more, looked at once a second at most.</summary>
sealed class DiskLimit(JournalFolder recordings, RecordingOptions options, TimeProvider time)
{
    static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    readonly Lock _gate = new();
    long _lookedAt;
    bool _looked;
    string _disk = "";
    string _bytes = "";

    /// <summary>Empty where there is room.</summary>
    public string Reason(JournalFolder folder, bool isRecording)
    {
        lock (_gate)
        {
            if (!_looked || time.GetElapsedTime(_lookedAt) >= Age)
            {
                (_looked, _lookedAt) = (true, time.GetTimestamp());
                Directory.CreateDirectory(folder.Root);
                var free = new DriveInfo(folder.Root).AvailableFreeSpace;
                _disk = free < options.MinFreeBytes
                    ? $"The disk has {free / 1_048_576} MiB free, less than Recording:MinFreeBytes asks for ({options.MinFreeBytes / 1_048_576} MiB)."
                    : "";
                _bytes = options.MaxBytes > 0 && recordings.Bytes() >= options.MaxBytes
                    ? $"Recordings have as many bytes as they may (Recording:MaxBytes, {options.MaxBytes})."
                    : "";
            }

            return _disk.Length > 0 || !isRecording ? _disk : _bytes;
        }
    }
}
