using Tributary.Grains.Platform.Calls;
using Tributary.Grains.Platform.Model;

namespace Tributary.Gateway.ApiV3;

/// <summary>How the client wants its answer.</summary>
enum AnswerFormat
{
    Json = 1,
    Xml = 2,
    Php = 3,
    Jsonp = 9,
}

/// <summary>A request as it was read: what is called, with what, and its files, which are deleted with it.</summary>
sealed class ApiCallRequest(string service, string action, RawMap parameters, Dictionary<string, UploadedFile> files) : IDisposable
{
    public string Service => service;

    public string Action => action;

    public RawMap Parameters => parameters;

    public IReadOnlyDictionary<string, UploadedFile> Files => files;

    public bool IsMultirequest => service.Equals("multirequest", StringComparison.OrdinalIgnoreCase);

    /// <summary>XML where none is named, or one that there is not.</summary>
    public AnswerFormat Format => RawValue.TryLong(parameters.TryGetValue("format", out var raw) ? raw : null, out var format) && Enum.IsDefined((AnswerFormat)format)
        ? (AnswerFormat)format
        : AnswerFormat.Xml;

    public void Dispose()
    {
        foreach (var file in files.Values)
        {
            File.Delete(file.Path);   // unless somebody took it
        }
    }
}
