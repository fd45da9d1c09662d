using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Text;
using Orleans.Concurrency;

namespace Orleans.Runtime;

/// <summary>What a node knows of one method of a grain interface: found once, then kept; calling it needs no reflection.</summary>
sealed class MethodDescriptor
{
    static readonly ConcurrentDictionary<MethodInfo, MethodDescriptor> Known = new();
    readonly byte[] _wireName;
    readonly bool[] _copied;
    readonly bool _copiesResult;
    readonly bool _copies;
    Func<object, object?[], object?>? _call;

    MethodDescriptor(MethodInfo method)
    {
        Method = method;
        ClrInterface = method.DeclaringType!;
        InterfaceType = GrainNames.InterfaceTypeOf(ClrInterface);
        Name = method.Name;
        _wireName = Encoding.UTF8.GetBytes(WireMethods.NameOf(InterfaceType, method));
        Shape = ResultShape.For(method);
        IsOneWay = method.IsDefined(typeof(OneWayAttribute)) || method.ReturnType == typeof(void);
        IsReadOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        IsAlwaysInterleave = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ResponseTimeout = method.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        var parameters = method.GetParameters();
        ParameterTypes = [.. parameters.Select(p => p.ParameterType)];
        CancellationIndex = Array.FindIndex(parameters, p => p.ParameterType == typeof(CancellationToken));
        _copied = [.. parameters.Select(p => !p.IsDefined(typeof(ImmutableAttribute)) && ValueCopier.MustCopy(p.ParameterType))];
        _copies = _copied.Contains(true);
        _copiesResult = Shape.ResultType is { } type && !method.ReturnParameter.IsDefined(typeof(ImmutableAttribute)) && ValueCopier.MustCopy(type);
        MayCarryReferences = parameters.Any(p => ReferenceFinder.MayHold(p.ParameterType));
        ResultMayCarryReferences = Shape.ResultType is { } result && ReferenceFinder.MayHold(result);
    }

    public MethodInfo Method { get; }

    public Type ClrInterface { get; }

    public GrainInterfaceType InterfaceType { get; }

    public string Name { get; }

    /// <summary>Its name in messages, UTF-8.</summary>
    public ReadOnlySpan<byte> WireName => _wireName;

    public ResultShape Shape { get; }

    public Type[] ParameterTypes { get; }

    public bool IsOneWay { get; }

    public bool IsReadOnly { get; }

    public bool IsAlwaysInterleave { get; }

    public TimeSpan? ResponseTimeout { get; }

    /// <summary>Which argument is the CancellationToken, or -1.</summary>
    public int CancellationIndex { get; }

    public bool MayCarryReferences { get; }

    public bool ResultMayCarryReferences { get; }

    public static MethodDescriptor For(MethodInfo method) => Known.TryGetValue(method, out var known) ? known : Known.GetOrAdd(method, static m => new MethodDescriptor(m));

    /// <summary>Copies the arguments that are not immutable: the callee must not share objects with the caller.</summary>
    public void CopyArguments(object?[] arguments)
    {
        if (!_copies)
        {
            return;
        }

        for (var i = 0; i < _copied.Length; i++)
        {
            if (_copied[i] && arguments[i] is { } argument)
            {
                arguments[i] = ValueCopier.Copy(argument);
            }
        }
    }

    public object? CopyResult(object? result) => result is null || !_copiesResult ? result : ValueCopier.Copy(result);

    public ValueTask<object?> Invoke(object target, object?[] arguments) => Shape.Await((_call ??= Compile())(target, arguments));

    Func<object, object?[], object?> Compile()
    {
        var target = Expression.Parameter(typeof(object));
        var arguments = Expression.Parameter(typeof(object?[]));
        var call = Expression.Call(
            Expression.Convert(target, ClrInterface),
            Method,
            Method.GetParameters().Select((p, i) => Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType)));
        Expression body = Method.ReturnType == typeof(void)
            ? Expression.Block(call, Expression.Constant(null))
            : Expression.Convert(call, typeof(object));
        return Expression.Lambda<Func<object, object?[], object?>>(body, target, arguments).Compile();
    }
}
