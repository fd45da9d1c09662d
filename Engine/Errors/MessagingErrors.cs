namespace Orleans.Runtime.Messaging
{
    /// <summary>No connection to the cluster could be made.</summary>
    [GenerateSerializer]
    public class ConnectionFailedException : OrleansException
    {
        public ConnectionFailedException() : base("Connection failed") { }

        public ConnectionFailedException(string message) : base(message) { }

        public ConnectionFailedException(string message, Exception? innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Serialization
{
    /// <summary>A value could not be turned into a message.</summary>
    [GenerateSerializer]
    public class SerializerException : Exception
    {
        public SerializerException() { }

        public SerializerException(string message) : base(message) { }

        public SerializerException(string message, Exception? innerException) : base(message, innerException) { }
    }

    /// <summary>A type that is no message (it lacks <see cref="GenerateSerializerAttribute"/>) was given to a call or a result.</summary>
    [GenerateSerializer]
    public sealed class CodecNotFoundException(string message) : SerializerException(message);
}
