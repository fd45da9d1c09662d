using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json;

namespace Orleans.Runtime;

/// <summary>One field of a record as it is written; reading and writing it needs no reflection and no box.</summary>
abstract class RecordField(string name)
{
    public JsonEncodedText Name { get; } = JsonEncodedText.Encode(name);

    public static RecordField Of(FieldInfo field, string name) =>
        (RecordField)Activator.CreateInstance(typeof(RecordField<>).MakeGenericType(field.FieldType), field, name)!;

    /// <summary>Writes name and value; nothing where the value is null.</summary>
    public abstract void Write(Utf8JsonWriter writer, object record);

    public abstract void Read(ref Utf8JsonReader reader, object record);
}

sealed class RecordField<T>(FieldInfo field, string name) : RecordField(name)
{
    readonly Func<object, T> _get = Accessor<Func<object, T>>(field, typeof(T), [typeof(object)], OpCodes.Ldfld);
    readonly Action<object, T> _set = Accessor<Action<object, T>>(field, typeof(void), [typeof(object), typeof(T)], OpCodes.Stfld);
    WireValue<T>? _value;

    // Not before it is needed: a type may hold itself.
    WireValue<T> Value => _value ??= (WireValue<T>)WireValue.Of(typeof(T));

    public override void Write(Utf8JsonWriter writer, object record)
    {
        if (_get(record) is { } value)
        {
            writer.WritePropertyName(Name);
            Value.Write(writer, value);
        }
    }

    public override void Read(ref Utf8JsonReader reader, object record) => _set(record, Value.ReadValue(ref reader)!);

    // Also of fields that are private or only set by constructors.
    static TDelegate Accessor<TDelegate>(FieldInfo field, Type returned, Type[] parameters, OpCode access) where TDelegate : Delegate
    {
        var method = new DynamicMethod(field.Name, returned, parameters, typeof(RecordField).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(field.DeclaringType!.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, field.DeclaringType);
        if (parameters.Length > 1)
        {
            code.Emit(OpCodes.Ldarg_1);
        }

        code.Emit(access, field);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>();
    }
}
