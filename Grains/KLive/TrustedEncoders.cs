using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Tributary.Grains.KLive;

/// <summary>What the platform said of an encoder: whose entry it is, and whether that is recorded.</summary>
public sealed record TrustedEncoder(int Partner, bool Records, DateTimeOffset Since);

/// <summary>
/// Encoders that the platform let in, also over restarts of this node: while the platform is away they may come back. A line for each in a file that is
/// written anew at the start; it holds no token, only what one becomes with a key of this node.
/// </summary>
public sealed class TrustedEncoders(string folder, IOptions<KLiveOptions> options, TimeProvider time)
{
    const int Most = 10_000;

    readonly ConcurrentDictionary<string, TrustedEncoder> _all = new(StringComparer.Ordinal);
    readonly Lock _gate = new();
    byte[]? _key;
    int _lines;

    string PathOf => Path.Combine(folder, "encoders");

    public TrustedEncoder? Find(EntryClaim claim) => _all.GetValueOrDefault(NameOf(claim));

    public void Add(EntryClaim claim, int partner, bool records)
    {
        var (name, trusted) = (NameOf(claim), new TrustedEncoder(partner, records, time.GetUtcNow()));
        _all[name] = trusted;
        lock (_gate)
        {
            Directory.CreateDirectory(folder);
            File.AppendAllText(PathOf, Line(name, trusted));
            if (++_lines > 2 * Most)
            {
                WriteAnew();
            }
        }
    }

    public void Remove(EntryClaim claim)
    {
        if (_all.TryRemove(NameOf(claim), out _))
        {
            lock (_gate)
            {
                WriteAnew();
            }
        }
    }

    string NameOf(EntryClaim claim) => Convert.ToHexString(HMACSHA256.HashData(
        _key ?? Load(), Encoding.UTF8.GetBytes(string.Join(' ', claim.Entry, claim.Partner, claim.Index, claim.Suffix, claim.Application, claim.Token))));

    byte[] Load()
    {
        lock (_gate)
        {
            if (_key is null)
            {
                string[] lines = File.Exists(PathOf) ? File.ReadAllLines(PathOf) : [];
                foreach (var line in lines.Skip(1))
                {
                    Read(line);
                }

                _key = lines.Length > 0 && lines[0].Length == 64 && TryHex(lines[0]) is { } key ? key : RandomNumberGenerator.GetBytes(32);
                WriteAnew();
            }

            return _key;
        }
    }

    static byte[]? TryHex(string text)
    {
        var bytes = new byte[text.Length / 2];
        return Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done ? bytes : null;
    }

    // name partner records since; a line that a crash cut short is none.
    void Read(string line)
    {
        if (line.Split(' ') is [{ Length: 64 } name, var partner, "0" or "1", var since] parts && int.TryParse(partner, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(since, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 100_000_000_000)
        {
            _all[name] = new TrustedEncoder(number, parts[2] == "1", DateTimeOffset.FromUnixTimeSeconds(seconds));
        }
    }

    // Without those that nobody would trust any more, and the oldest where there are too many.
    void WriteAnew()
    {
        var oldest = time.GetUtcNow() - options.Value.TrustedFor;
        var kept = _all.Where(pair => pair.Value.Since >= oldest).OrderByDescending(pair => pair.Value.Since).Take(Most).ToArray();
        foreach (var name in _all.Keys.Except(kept.Select(pair => pair.Key)))
        {
            _all.TryRemove(name, out _);
        }

        Directory.CreateDirectory(folder);
        var fresh = PathOf + ".new";
        var access = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            access.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(fresh, access))
        {
            file.Write(Encoding.ASCII.GetBytes(Convert.ToHexString(_key!) + "\n" + string.Concat(kept.Select(pair => Line(pair.Key, pair.Value)))));
        }

        File.Move(fresh, PathOf, overwrite: true);
        _lines = kept.Length;
    }

    static string Line(string name, TrustedEncoder trusted) =>
        string.Create(CultureInfo.InvariantCulture, $"{name} {trusted.Partner} {(trusted.Records ? 1 : 0)} {trusted.Since.ToUnixTimeSeconds()}\n");
}
