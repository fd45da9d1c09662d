namespace Tributary.Gateway;

/// <summary>What every face of the gateway shares ("Gateway").</summary>
public sealed class EdgeOptions
{
    /// <summary>Value of Access-Control-Allow-Origin; empty sends no CORS headers.</summary>
    public string AllowOrigin { get; set; } = "*";

    /// <summary>hls.js for the player page. Empty: <c>hls.js/dist/hls.min.js</c> in <c>Web:Folder</c>, else in node_modules below the content root.</summary>
    public string HlsJsPath { get; set; } = "";

    /// <summary>Where encoders publish, as the pages show it. Empty: <c>rtmp://</c>, the page's own host, the RTMP port and <c>/live</c>.</summary>
    public string PublishUrl { get; set; } = "";

    /// <summary>How old an answer of a stream's grain may be that is given to viewers; they share it.</summary>
    public TimeSpan StateAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a stream's grain has to answer.</summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Stream names whose state is remembered; a scan of names beyond it costs a question each.</summary>
    public int MaxStates { get; set; } = 4_096;

    /// <summary>Questions to grains that may be under way at the same time; more are answered with 503.</summary>
    public int MaxQuestions { get; set; } = 64;

    /// <summary>Prefixes of the names of the meters that /metrics shows.</summary>
    public string[] Meters { get; set; } = ["Tributary.", "System.Runtime", "Microsoft.Orleans", "Microsoft.AspNetCore.Server.Kestrel"];

    /// <summary>Whether the values make sense together.</summary>
    public static bool IsValid(EdgeOptions options) =>
        options.StateAge >= TimeSpan.Zero && options.AnswerTimeout > TimeSpan.Zero && options.MaxStates > 0 && options.MaxQuestions > 0;
}
