namespace Tributary.Protocols.Amf;

// Values of values: arrays and objects.
ref partial struct Amf3Reader
{
    bool TryReadArray(int depth, out AmfValue value)
    {
        value = AmfValue.Null;
        if (!TryReadU29(out var head))
        {
            return false;
        }

        if ((head & 1) == 0)
        {
            return true;   // a reference to an earlier array
        }

        List<AmfProperty> named = [];
        if (!TryReadNamed(depth, named))
        {
            return false;
        }

        var count = head >> 1;
        if (count > Rest.Length || count > ElementsLeft)
        {
            return false;
        }

        List<AmfValue> dense = [];
        for (var i = 0; i < count; i++)
        {
            if (!TryRead(depth + 1, out var element))
            {
                return false;
            }

            dense.Add(element);
        }

        value = named.Count > 0 ? AmfValue.EcmaArray(named) : AmfValue.StrictArray(dense);
        return true;
    }

    bool TryReadObject(int depth, out AmfValue value)
    {
        value = AmfValue.Null;
        if (!TryReadU29(out var head))
        {
            return false;
        }

        if ((head & 1) == 0)
        {
            return true;   // a reference to an earlier object
        }

        if (!TryReadTraits(head, out var names, out var isDynamic))
        {
            return false;
        }

        List<AmfProperty> properties = [];
        foreach (var name in names)
        {
            if (!TryRead(depth + 1, out var member))
            {
                return false;
            }

            properties.Add(new AmfProperty(name, member));
        }

        if (isDynamic && !TryReadNamed(depth, properties))
        {
            return false;
        }

        value = AmfValue.Object(properties);
        return true;
    }

    bool TryReadTraits(uint head, out string[] names, out bool isDynamic)
    {
        (names, isDynamic) = ([], false);
        if ((head & 2) == 0)
        {
            var index = (int)(head >> 2);
            if (index >= _traits.Count)
            {
                return false;
            }

            (names, isDynamic) = _traits[index];
            return true;
        }

        var count = head >> 4;
        if ((head & 4) != 0 || count > Rest.Length || count > ElementsLeft || !TryReadString(out _))
        {
            return false;
        }

        isDynamic = (head & 8) != 0;
        names = new string[count];
        for (var i = 0; i < count; i++)
        {
            if (!TryReadString(out names[i]))
            {
                return false;
            }
        }

        _traits.Add((names, isDynamic));
        return true;
    }

    // Name and value pairs up to an empty name.
    bool TryReadNamed(int depth, List<AmfProperty> into)
    {
        while (TryReadString(out var name))
        {
            if (name.Length == 0)
            {
                return true;
            }

            if (!TryRead(depth + 1, out var value))
            {
                return false;
            }

            into.Add(new AmfProperty(name, value));
        }

        return false;
    }
}
