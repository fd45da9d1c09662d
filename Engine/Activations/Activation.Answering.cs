using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// A call is answered, or goes where the grain is instead.
sealed partial class Activation
{
    /// <summary>Runs a call and answers it. Part of a turn.</summary>
    public async ValueTask Answer(Message message)
    {
        try
        {
            message.OpenCancellation();
            if (message.Context is { } context)
            {
                RequestContext.Current = context;
            }

            var filtered = Silo.IncomingFilters.Count > 0 || Class.IsFilter;
            var result = filtered
                ? await new IncomingCall(message, GrainInstance!, this, Silo.IncomingFilters).Run()
                : await message.Method!.Invoke(Silo.TargetOf(this, message.Method), message.Arguments);
            Silo.Respond(message, result, null);
        }
        catch (Exception exception)
        {
            if (message.Kind == MessageKind.OneWay)
            {
                LogOneWayFailed(Silo.Log, exception, message.ToString());
            }

            Silo.Respond(message, null, exception);
            Failed(exception);
        }
    }

    /// <summary>
    /// A turn ended with that. Where the state in storage is not the one that this activation believes in (another activation wrote, or the answer to an update was
    /// lost), it must start anew.
    /// </summary>
    public void Failed(Exception exception)
    {
        if (exception is Storage.InconsistentStateException { IsSourceActivation: true } inconsistent)
        {
            inconsistent.IsSourceActivation = false;
            Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, exception, "The state in storage is newer than this activation's."));
        }
    }

    /// <summary>Sends a call on that this activation did not start: to its next life, or to the activation that it gave way to.</summary>
    public void Reroute(Message message)
    {
        if (_ending)
        {
            Silo.Resend(message);
        }
        else
        {
            Silo.Forward(message, $"{this} is gone");
        }
    }

    [LoggerMessage(LogLevel.Warning, "A one-way call failed: {Call}")]
    static partial void LogOneWayFailed(ILogger log, Exception exception, string call);
}
