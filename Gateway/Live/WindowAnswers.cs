using Microsoft.AspNetCore.Http;

namespace Tributary.Gateway.Live;

/// <summary>What a request hears where a stream has no window.</summary>
static class WindowAnswers
{
    /// <summary>The window of a stream, opened where it is on air; else null, and the request is answered.</summary>
    public static async ValueTask<OpenWindow?> OpenOrAnswer(this LiveWindows windows, HttpContext context, string name)
    {
        var (outcome, window) = await windows.Open(name);
        if (outcome == WindowOutcome.Open && window!.View.Closed)
        {
            (outcome, window) = await windows.Open(name);   // it was let go in this very moment
        }

        if (outcome != WindowOutcome.Open)
        {
            await Answer(context, name, outcome);
        }

        return window;
    }

    public static Task OffAir(HttpContext context, string name) => Answers.Missing(context, Answers.Briefly, $"Stream '{name}' is not on air.");

    static Task Answer(HttpContext context, string name, WindowOutcome outcome) => outcome switch
    {
        WindowOutcome.OffAir => OffAir(context, name),
        WindowOutcome.LimitReached => Answers.Busy(context, "This gateway follows as many streams as it may (Gateway:Hls:MaxWindows)."),
        _ => Answers.Busy(context, "The cluster does not answer right now."),
    };
}
