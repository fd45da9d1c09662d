namespace Tributary.Silo;

/// <summary>The folder below which a process writes everything; one process uses it at a time.</summary>
sealed class DataFolder : IDisposable
{
    readonly FileStream _lock;

    DataFolder(string path, FileStream @lock) => (Path, _lock) = (path, @lock);

    public string Path { get; }

    /// <summary>Opens the folder for this process, made where it is missing. Null, with a sentence, where that cannot be.</summary>
    public static DataFolder? TryOpen(string path, out string problem)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path);
            var file = new FileStream(System.IO.Path.Combine(path, "tributary.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            problem = "";
            return new DataFolder(path, file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = $"The data folder {path} cannot be used ({exception.Message}). Is another Tributary running on it?";
            return null;
        }
    }

    public void Dispose() => _lock.Dispose();
}
