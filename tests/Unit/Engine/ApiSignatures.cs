using System.Globalization;
using System.Reflection;

namespace Tributary.Unit.Engine;

/// <summary>Writes the public surface of an assembly as one normalised line per type and member, so that two assemblies can be compared as text.</summary>
static class ApiSignatures
{
    const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(IEnumerable<Type> types) => types.SelectMany(Of);

    public static IEnumerable<string> Of(Type type)
    {
        var owner = Name(type);
        yield return $"{Kind(type)} {owner}";
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            yield return $"{owner}.Invoke({Parameters(type.GetMethod("Invoke")!)}) : {Name(type.GetMethod("Invoke")!.ReturnType)}";
            yield break;
        }

        if (type.GetCustomAttributesData().FirstOrDefault(a => a.AttributeType == typeof(AttributeUsageAttribute)) is { } usage)
        {
            yield return $"usage {owner} {(AttributeTargets)(int)usage.ConstructorArguments[0].Value!} {string.Join(" ", usage.NamedArguments.Where(IsUnusual).Select(a => a.ToString()))}".TrimEnd();
        }

        foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible))
        {
            if (!constructor.IsStatic)
            {
                yield return $"{owner}..ctor({Parameters(constructor)})";
            }
        }

        foreach (var field in type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly))
        {
            if (!field.IsSpecialName)
            {
                yield return $"{owner}.{field.Name} : {Name(field.FieldType)}{(field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "")}";
            }
        }

        foreach (var property in type.GetProperties(Declared))
        {
            foreach (var accessor in property.GetAccessors(nonPublic: true).Where(IsVisible).Where(IsNew))
            {
                yield return $"{owner}.{accessor.Name}({Parameters(accessor)}) : {Name(accessor.ReturnType)}";
            }
        }

        foreach (var method in type.GetMethods(Declared).Where(IsVisible).Where(IsNew).Where(m => !IsAccessor(m)))
        {
            yield return $"{owner}.{method.Name}{Arity(method)}({Parameters(method)}) : {Name(method.ReturnType)}{(type.IsInterface && !method.IsAbstract && !method.IsStatic ? " = default" : "")}";
        }
    }

    // AllowMultiple = false and Inherited = true are what is so anyway.
    static bool IsUnusual(CustomAttributeNamedArgument argument) => argument.TypedValue.Value is bool value && value == (argument.MemberName == "AllowMultiple");

    static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    static bool IsNew(MethodInfo method) => !method.IsVirtual || method.IsAbstract && method.DeclaringType!.IsInterface || method.GetBaseDefinition() == method;

    static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => "class"
    };

    static string Arity(MethodInfo method) =>
        method.IsGenericMethodDefinition ? $"<{string.Join(",", method.GetGenericArguments().Select(a => a.Name))}>" : "";

    static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    static string Parameter(ParameterInfo parameter)
    {
        var mode = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : "";
        var type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        return $"{mode}{Name(type)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Literal(parameter.RawDefaultValue)}" : "")}";
    }

    static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""
    };

    static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.IsArray)
        {
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (type.IsPointer)
        {
            return $"{Name(type.GetElementType()!)}*";
        }

        var definition = type.IsGenericType ? type.GetGenericTypeDefinition().FullName! : type.FullName ?? type.Name;
        return type.IsGenericType ? $"{definition}<{string.Join(",", type.GetGenericArguments().Select(Name))}>" : definition;
    }
}
