using Microsoft.Extensions.Options;

namespace Tributary.Grains.Platform.Content;

/// <summary>
/// Uploaded, recorded and imported files below one folder, which every process of a cluster sees. A file is written under a temporary name and takes its
/// place by rename; names are made here, never by a client.
/// </summary>
public sealed class ContentStore(string folder, IOptions<PlatformOptions> options)
{
    public string Root => folder;

    /// <summary>Where a request's files are written while they come in. On the same file system, so that taking one is a rename.</summary>
    public string NewIncoming()
    {
        var incoming = Path.Combine(folder, "incoming");
        Directory.CreateDirectory(incoming);
        return Path.Combine(incoming, Guid.NewGuid().ToString("N"));
    }

    /// <summary>The absolute path of a stored file.</summary>
    public string PathOf(string name) => Path.Combine(folder, name);

    public bool Exists(string name) => name.Length > 0 && File.Exists(PathOf(name));

    public long LengthOf(string name) => Exists(name) ? new FileInfo(PathOf(name)).Length : 0;

    /// <summary>Takes a file into the store, under a name of its own that begins with <paramref name="owner"/>'s id.</summary>
    public string Adopt(string path, string owner, string extension, bool keepOriginal = false, string? name = null)
    {
        name ??= NameFor(owner, extension);
        var target = Prepare(name);
        if (keepOriginal)
        {
            var copy = NewIncoming();
            File.Copy(path, copy);
            path = copy;
        }

        File.Move(path, target);
        return name;
    }

    public string Write(byte[] bytes, string owner, string extension)
    {
        var incoming = NewIncoming();
        File.WriteAllBytes(incoming, bytes);
        return Adopt(incoming, owner, extension);
    }

    public void Delete(string name)
    {
        if (Exists(name))
        {
            File.Delete(PathOf(name));
        }
    }

    /// <summary>The upload's own file: chunks are written into it at their place.</summary>
    public string UploadPath(string token) => Prepare(Path.Combine("uploads", Safe(token)));

    /// <summary>Where this cluster's own media servers put what they recorded, for the platform to take.</summary>
    public string Handover => Path.GetFullPath(Path.Combine(folder, "handover"));

    /// <summary>
    /// A file that a media server names instead of uploading it: only below the configured folders and <see cref="Handover"/>, links resolved. Null: not
    /// to be taken.
    /// </summary>
    public string? ServerFile(string path)
    {
        if (!Path.IsPathFullyQualified(path) || !File.Exists(path))
        {
            return null;
        }

        var real = Real(path);
        return options.Value.ServerFileRoots.Append(Handover).Select(Real)
            .Any(root => real.StartsWith(root.EndsWith('/') ? root : root + "/", StringComparison.Ordinal)) ? real : null;
    }

    // Resolves a link in the last place and in each folder above it.
    static string Real(string path)
    {
        var full = Path.GetFullPath(path);
        var at = Path.GetPathRoot(full) ?? "/";
        foreach (var part in full[at.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, part);
            FileSystemInfo info = Directory.Exists(at) ? new DirectoryInfo(at) : new FileInfo(at);
            at = info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? at;
        }

        return at;
    }

    static string NameFor(string owner, string extension) => PieceName(owner, Guid.NewGuid().ToString("N")[..12], extension);

    /// <summary>The name of a piece of an asset: the same however often it is asked for.</summary>
    public static string PieceName(string owner, string piece, string extension)
    {
        var safe = Safe(owner);
        return Path.Combine("assets", safe.Length >= 4 ? safe[^2..] : "00", $"{safe}_{Safe(piece)}{Extension(extension)}");
    }

    string Prepare(string name)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    static string Safe(string id) => new([.. id.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_').Take(80)]);

    static string Extension(string text)
    {
        var letters = new string([.. text.TrimStart('.').Where(char.IsAsciiLetterOrDigit).Take(8)]).ToLowerInvariant();
        return letters.Length > 0 ? "." + letters : "";
    }
}
