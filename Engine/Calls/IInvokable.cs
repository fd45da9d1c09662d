using System.Reflection;

namespace Orleans.Serialization.Invocation;

/// <summary>Finds the object that a request is for, and its parts.</summary>
public interface ITargetHolder
{
    object? GetTarget();

    object? GetComponent(Type componentType);
}

/// <summary>A call as call filters and interleaving predicates see it.</summary>
public interface IInvokable : IDisposable
{
    object? GetTarget();

    void SetTarget(ITargetHolder holder);

    ValueTask<Response> Invoke();

    int GetArgumentCount();

    object? GetArgument(int index);

    void SetArgument(int index, object value);

    string GetMethodName();

    string GetInterfaceName();

    string GetActivityName();

    MethodInfo GetMethod();

    Type GetInterfaceType();

    TimeSpan? GetDefaultResponseTimeout() => null;

    CancellationToken GetCancellationToken() => CancellationToken.None;

    bool TryCancel() => false;

    bool IsCancellable { get; }
}

/// <summary>The outcome of a call: a result or an exception.</summary>
public abstract class Response : IDisposable
{
    public static Response Completed => FromResult<object?>(null);

    public abstract object? Result { get; set; }

    public abstract Exception? Exception { get; set; }

    public static Response FromException(Exception exception) => new Outcome { Exception = exception };

    public static Response FromResult<TResult>(TResult value) => new Outcome { Result = value };

    public virtual Type? GetSimpleResultType() => Result?.GetType();

    public abstract T GetResult<T>();

    public abstract void Dispose();

    sealed class Outcome : Response
    {
        public override object? Result { get; set; }

        public override Exception? Exception { get; set; }

        public override T GetResult<T>()
        {
            if (Exception is { } exception)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception);
            }

            return (T)Result!;
        }

        public override void Dispose() { }

        public override string ToString() => Exception is null ? $"Result: {Result}" : $"Exception: {Exception}";
    }
}
