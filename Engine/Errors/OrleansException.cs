using System.Runtime.Serialization;

namespace Orleans.Runtime;

/// <summary>What the runtime throws; everything else that a call throws comes from the grain.</summary>
[GenerateSerializer]
public class OrleansException : Exception
{
    public OrleansException() : base("Unexpected error.") { }

    public OrleansException(string message) : base(message) { }

    public OrleansException(string message, Exception? innerException) : base(message, innerException) { }

#pragma warning disable SYSLIB0051 // the public constructor belongs to the API
    protected OrleansException(SerializationInfo info, StreamingContext context) : base(info, context) { }
#pragma warning restore SYSLIB0051
}

/// <summary>The runtime gave the call back: its target could not be reached or is no more. The call may or may not have run.</summary>
[GenerateSerializer]
public class OrleansMessageRejectionException : OrleansException
{
    internal OrleansMessageRejectionException(string message) : base(message) { }

    internal OrleansMessageRejectionException(string message, Exception? innerException) : base(message, innerException) { }
}

/// <summary>The silo that the call was sent to is dead.</summary>
[GenerateSerializer]
public sealed class SiloUnavailableException : OrleansMessageRejectionException
{
    public SiloUnavailableException() : base("Silo unavailable") { }

    public SiloUnavailableException(string msg) : base(msg) { }

    public SiloUnavailableException(string message, Exception? innerException) : base(message, innerException) { }
}

/// <summary>The client that holds the observer is gone.</summary>
[GenerateSerializer]
public sealed class ClientNotAvailableException : OrleansException
{
    internal ClientNotAvailableException(GrainId clientId) : base($"No activation for client {clientId}") { }
}

/// <summary>The gateway sheds load.</summary>
[GenerateSerializer]
public sealed class GatewayTooBusyException : OrleansException
{
    public GatewayTooBusyException() : base("Gateway too busy") { }

    public GatewayTooBusyException(string message) : base(message) { }

    public GatewayTooBusyException(string message, Exception? innerException) : base(message, innerException) { }
}

/// <summary>A limit of the options was hit, such as the number of requests that wait for one activation.</summary>
[GenerateSerializer]
public sealed class LimitExceededException : OrleansException
{
    public LimitExceededException() : base("Limit exceeded") { }

    public LimitExceededException(string message) : base(message) { }

    public LimitExceededException(string message, Exception? innerException) : base(message, innerException) { }

    public LimitExceededException(string limitName, int current, int threshold, object? extraInfo)
        : base($"Limit exceeded {limitName} Current={current} Threshold={threshold} {extraInfo}") { }
}

/// <summary>The configuration of the host is wrong.</summary>
[GenerateSerializer]
public sealed class OrleansConfigurationException : Exception
{
    public OrleansConfigurationException(string message) : base(message) { }

    public OrleansConfigurationException(string message, Exception? innerException) : base(message, innerException) { }
}
