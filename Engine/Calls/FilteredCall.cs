using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>Walks one call through its filters: a filter goes on by <see cref="Invoke"/>, and may change arguments before and the result after it.</summary>
abstract class FilteredCall(Message message, object grain) : IGrainCallContext
{
    int _next;

    public IInvokable Request { get; } = new Invokable(message, grain);

    public object Grain => grain;

    public GrainId? SourceId => message.SenderGrain.IsDefault ? null : message.SenderGrain;

    public GrainId TargetId => message.TargetGrain;

    public GrainInterfaceType InterfaceType => message.Method!.InterfaceType;

    public string InterfaceName => message.Method!.ClrInterface.FullName ?? "";

    public string MethodName => message.Method!.Name;

    public MethodInfo InterfaceMethod => message.Method!.Method;

    public object? Result
    {
        get => Response?.Result;
        set => Response = Response.FromResult(value);
    }

    public Response? Response { get; set; }

    protected Message Message => message;

    public async Task Invoke()
    {
        var index = _next++;
        if (!await InvokeFilter(index))
        {
            Response = Response.FromResult(await InvokeTarget());
        }
    }

    /// <summary>Runs the filters, then the target, and returns the result that the last of them left.</summary>
    public async ValueTask<object?> Run()
    {
        await Invoke();
        return Response?.Exception is { } exception ? throw exception : Result;
    }

    protected abstract ValueTask<bool> InvokeFilter(int index);

    protected abstract ValueTask<object?> InvokeTarget();
}

sealed class IncomingCall(Message message, object grain, IGrainContext context, IReadOnlyList<IIncomingGrainCallFilter> filters)
    : FilteredCall(message, grain), IIncomingGrainCallContext
{
    public IGrainContext TargetContext => context;

    public MethodInfo ImplementationMethod
    {
        get
        {
            if (field is null)
            {
                var map = Grain.GetType().GetInterfaceMap(InterfaceMethod.DeclaringType!);
                var definition = InterfaceMethod.IsGenericMethod ? InterfaceMethod.GetGenericMethodDefinition() : InterfaceMethod;
                var method = map.TargetMethods[Array.IndexOf(map.InterfaceMethods, definition)];
                field = InterfaceMethod.IsGenericMethod ? method.MakeGenericMethod(InterfaceMethod.GetGenericArguments()) : method;
            }

            return field;
        }
    }

    // The grain itself may be the last filter.
    protected override async ValueTask<bool> InvokeFilter(int index)
    {
        var filter = index < filters.Count ? filters[index] : index == filters.Count ? Grain as IIncomingGrainCallFilter : null;
        if (filter is null)
        {
            return false;
        }

        await filter.Invoke(this);
        return true;
    }

    protected override ValueTask<object?> InvokeTarget() => Message.Method!.Invoke(Grain, Message.Arguments);
}

sealed class OutgoingCall(Message message, GrainReference target, IGrainContext? source, IReadOnlyList<IOutgoingGrainCallFilter> filters, Func<Task<object?>> send)
    : FilteredCall(message, target), IOutgoingGrainCallContext
{
    public IGrainContext? SourceContext => source;

    protected override async ValueTask<bool> InvokeFilter(int index)
    {
        if (index >= filters.Count)
        {
            return false;
        }

        await filters[index].Invoke(this);
        return true;
    }

    protected override async ValueTask<object?> InvokeTarget() => await send();
}

/// <summary>A request as filters and predicates see it.</summary>
sealed class Invokable(Message message, object? target) : IInvokable
{
    public bool IsCancellable => message.Method!.CancellationIndex >= 0;

    public object? GetTarget() => target;

    public void SetTarget(ITargetHolder holder) => throw new NotSupportedException("The target of a call that is under way cannot be changed.");

    public async ValueTask<Response> Invoke()
    {
        try
        {
            return Response.FromResult(await message.Method!.Invoke(target!, message.Arguments));
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }

    public int GetArgumentCount() => message.Arguments.Length;

    public object? GetArgument(int index) => message.Arguments[index];

    public void SetArgument(int index, object value) => message.Arguments[index] = value;

    public string GetMethodName() => message.Method!.Name;

    public string GetInterfaceName() => message.Method!.ClrInterface.FullName ?? "";

    public string GetActivityName() => $"{message.Method!.ClrInterface.Name}/{message.Method.Name}";

    public MethodInfo GetMethod() => message.Method!.Method;

    public Type GetInterfaceType() => message.Method!.ClrInterface;

    public TimeSpan? GetDefaultResponseTimeout() => message.Method!.ResponseTimeout;

    public CancellationToken GetCancellationToken() => IsCancellable && message.Arguments[message.Method!.CancellationIndex] is CancellationToken token ? token : default;

    public bool TryCancel() => message.TryCancel();

    public void Dispose() { }
}
