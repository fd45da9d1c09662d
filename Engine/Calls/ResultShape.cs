using System.Reflection;

namespace Orleans.Runtime;

/// <summary>What a grain method returns, seen from both sides: the task that the caller gets, and the result that the callee's task yields.</summary>
abstract class ResultShape
{
    /// <summary>The type of the result, null when there is none.</summary>
    public virtual Type? ResultType => null;

    /// <summary>The caller's side: an outcome to fill in, and what the proxy returns for it.</summary>
    public abstract PendingCall NewCall();

    public abstract object? Returned(PendingCall call);

    /// <summary>The proxy's return value of a one-way call, which is over once it is sent.</summary>
    public abstract object? Finished { get; }

    /// <summary>The callee's side.</summary>
    public abstract ValueTask<object?> Await(object? returned);

    public static ResultShape For(MethodInfo method)
    {
        var type = method.ReturnType;
        if (type == typeof(void) || type == typeof(Task))
        {
            return type == typeof(void) ? new NothingShape() : new TaskShape();
        }

        if (type == typeof(ValueTask))
        {
            return new ValueTaskShape();
        }

        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        var shape = definition == typeof(Task<>) ? typeof(TaskShape<>) : definition == typeof(ValueTask<>) ? typeof(ValueTaskShape<>) : null;
        return shape is null
            ? throw new NotSupportedException($"{method.DeclaringType}.{method.Name} returns {type}: the embedded engine carries Task, Task<T>, ValueTask, ValueTask<T> and void.")
            : (ResultShape)Activator.CreateInstance(shape.MakeGenericType(type.GetGenericArguments()))!;
    }
}

class TaskShape : ResultShape
{
    public override PendingCall NewCall() => new PendingCall<object?>();

    public override object? Returned(PendingCall call) => ((PendingCall<object?>)call).Task;

    public override object? Finished => Task.CompletedTask;

    public override ValueTask<object?> Await(object? returned)
    {
        var task = (Task)returned!;
        return task.IsCompletedSuccessfully ? default : Slow(task);

        static async ValueTask<object?> Slow(Task task)
        {
            await task;
            return null;
        }
    }
}

sealed class NothingShape : TaskShape
{
    public override object? Finished => null;

    public override object? Returned(PendingCall call) => null;

    public override ValueTask<object?> Await(object? returned) => default;
}

sealed class ValueTaskShape : ResultShape
{
    public override PendingCall NewCall() => new PendingCall<object?>();

    public override object? Returned(PendingCall call) => new ValueTask(((PendingCall<object?>)call).Task);

    public override object? Finished => default(ValueTask);

    public override ValueTask<object?> Await(object? returned)
    {
        var task = (ValueTask)returned!;
        if (task.IsCompletedSuccessfully)
        {
            task.GetAwaiter().GetResult();
            return default;
        }

        return Slow(task);

        static async ValueTask<object?> Slow(ValueTask task)
        {
            await task;
            return null;
        }
    }
}

sealed class TaskShape<T> : ResultShape
{
    public override Type? ResultType => typeof(T);

    public override PendingCall NewCall() => new PendingCall<T>();

    public override object? Returned(PendingCall call) => ((PendingCall<T>)call).Task;

    public override object? Finished => Task.FromResult(default(T));

    public override ValueTask<object?> Await(object? returned)
    {
        var task = (Task<T>)returned!;
        return task.IsCompletedSuccessfully ? new ValueTask<object?>(task.Result) : Slow(task);

        static async ValueTask<object?> Slow(Task<T> task) => await task;
    }
}

sealed class ValueTaskShape<T> : ResultShape
{
    public override Type? ResultType => typeof(T);

    public override PendingCall NewCall() => new PendingCall<T>();

    public override object? Returned(PendingCall call) => new ValueTask<T>(((PendingCall<T>)call).Task);

    public override object? Finished => default(ValueTask<T>);

    public override ValueTask<object?> Await(object? returned)
    {
        var task = (ValueTask<T>)returned!;
        return task.IsCompletedSuccessfully ? new ValueTask<object?>(task.Result) : Slow(task);

        static async ValueTask<object?> Slow(ValueTask<T> task) => await task;
    }
}
