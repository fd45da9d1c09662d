using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

// What it means when there is no answer.
sealed partial class Heartbeat
{
    static readonly TimeSpan RetryAfterRefusal = TimeSpan.FromMilliseconds(100);

    async Task Missed(Exception exception)
    {
        _first.TrySetResult(false);
        _missed++;
        var proof = IsProof(exception);
        var isOver = _missed >= _options.NumMissedProbesLimit;
        LogMissed(_log, _silo, _missed, exception.Message);
        if (proof || isOver || exception is not TimeoutException)
        {
            Close();
        }

        if (proof || isOver)
        {
            await Report(proof, exception.Message);
        }

        if (isOver || exception is not TimeoutException)
        {
            // A connection that breaks is tried again at once; what goes on failing at leisure.
            await Pause(exception is IOException or SocketException && _missed < _options.NumMissedProbesLimit * 2 ? RetryAfterRefusal : _probeTimeout / 2);
        }
    }

    bool IsProof(Exception exception)
    {
        switch (exception)
        {
            case ConnectionRefusedException refused:
                Refused();
                return refused.Self is { } self && self.IsSuccessorOf(_silo);
            case IOException:
                // It closed: if that was in good order, the table says so.
                Refused();
                return false;
            case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                return ++_refused >= 2 && _link.Around.Transport.IsHere(_silo.Endpoint.Address);
            default:
                return false;
        }
    }

    async Task Report(bool proof, string why)
    {
        try
        {
            await Unreachable(_silo, proof, why);
        }
        catch (Exception exception)
        {
            // The table is away, most likely: nobody is declared dead then.
            LogNotReported(_log, _silo, exception.Message);
        }
    }

    async Task Pause(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    [LoggerMessage(LogLevel.Debug, "Heartbeat {Missed} of {Silo} was missed: {Reason}")]
    static partial void LogMissed(ILogger log, SiloAddress silo, int missed, string reason);

    [LoggerMessage(LogLevel.Warning, "{Silo} cannot be reached, and that could not be written: {Reason}")]
    static partial void LogNotReported(ILogger log, SiloAddress silo, string reason);
}
