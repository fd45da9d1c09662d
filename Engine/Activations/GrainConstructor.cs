using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Runtime;

/// <summary>Makes the objects of one grain class. Found once per process: an activation costs no reflection.</summary>
sealed class GrainConstructor
{
    static readonly ConcurrentDictionary<Type, GrainConstructor> Known = new();
    readonly Func<IServiceProvider, object?>[] _arguments;
    readonly Func<object?[], object> _new;

    GrainConstructor(Type type)
    {
        var constructors = type.GetConstructors();
        var constructor = constructors.FirstOrDefault(c => c.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
            ?? constructors.OrderByDescending(c => c.GetParameters().Length).FirstOrDefault()
            ?? throw new InvalidOperationException($"The grain class {type} has no public constructor.");
        _arguments = [.. constructor.GetParameters().Select(ArgumentOf)];
        _new = Compile(constructor);
    }

    public static GrainConstructor Of(Type type) => Known.GetOrAdd(type, static t => new GrainConstructor(t));

    /// <summary>Runs within a turn of the activation whose services are given, so that <see cref="Grain"/> finds its context.</summary>
    public object Create(IServiceProvider services) => _new(Array.ConvertAll(_arguments, argument => argument(services)));

    static Func<object?[], object> Compile(ConstructorInfo constructor)
    {
        var arguments = Expression.Parameter(typeof(object?[]));
        var made = Expression.New(
            constructor, constructor.GetParameters().Select((p, i) => Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType)));
        return Expression.Lambda<Func<object?[], object>>(made, arguments).Compile();
    }

    static Func<IServiceProvider, object?> ArgumentOf(ParameterInfo parameter)
    {
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } facet)
        {
            return PersistentStates.FactoryFor(parameter, facet);
        }

        if (parameter.ParameterType == typeof(IGrainContext))
        {
            return static _ => RuntimeContext.Current!;
        }

        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed)
        {
            return services => services.GetRequiredKeyedService(parameter.ParameterType, keyed.Key);
        }

        return parameter.HasDefaultValue
            ? services => services.GetService(parameter.ParameterType) ?? parameter.DefaultValue
            : services => services.GetRequiredService(parameter.ParameterType);
    }
}
