using System.Globalization;
using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>
/// Several calls in one request, in the order of their numbers, until the first that is missing. Each may refer to the results before it. Client tag,
/// session and partner of the whole are those of a call that has none of its own. The answer is always a list.
/// </summary>
static class Multirequest
{
    static readonly string[] Inherited = ["clientTag", "ks", "partnerId", "p"];

    /// <param name="call">Answers one call: a result, or the error that it ended with.</param>
    public static async Task<List<object?>> Run(RawMap parameters, IReadOnlyDictionary<string, UploadedFile> files, int most, Func<RawMap, Dictionary<string, UploadedFile>, Task<object?>> call)
    {
        var results = new List<object?>();
        var first = parameters.ContainsKey("0") ? 0 : 1;
        for (var at = first; Item(parameters, at) is { } item; at++)
        {
            if (results.Count >= most)
            {
                results.Add(PlatformException.Of("INTERNAL_SERVERL_ERROR", "The request has more calls than are taken."));
                break;
            }

            var own = (RawMap)BackReferences.Resolve(item, results)!;
            foreach (var name in Inherited.Where(name => !own.ContainsKey(name) && parameters.ContainsKey(name)))
            {
                own[name] = BackReferences.Resolve(parameters[name], results);
            }

            var result = await call(own, FilesOf(files, at));
            results.Add(result);
            if (result is ServedFile)
            {
                break;   // it is the answer to the whole request
            }
        }

        return results;
    }

    static RawMap? Item(RawMap parameters, int at) => parameters.TryGetValue(at.ToString(CultureInfo.InvariantCulture), out var raw) ? raw as RawMap : null;

    static Dictionary<string, UploadedFile> FilesOf(IReadOnlyDictionary<string, UploadedFile> files, int at)
    {
        var prefix = at.ToString(CultureInfo.InvariantCulture) + ":";
        return files.Where(file => file.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(file => file.Key[prefix.Length..], file => file.Value, StringComparer.Ordinal);
    }
}
