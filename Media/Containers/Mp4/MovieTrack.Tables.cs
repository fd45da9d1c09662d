namespace Tributary.Media.Containers.Mp4;

// Its stbl box: what is said of each sample.
sealed partial class MovieTrack
{
    void WriteTables(ref BoxWriter writer, long mediaOffset)
    {
        var table = writer.Open("stbl"u8);
        var box = writer.Open("stsd"u8, 0, 0);
        writer.I32(_descriptions.Count);
        foreach (var description in _descriptions)
        {
            SampleEntry.Write(ref writer, description, FormatOf(description));
        }

        writer.Close(box);
        box = writer.Open("stts"u8, 0, 0);
        writer.I32(_times.Count);
        foreach (var (count, delta) in _times)
        {
            writer.U32(count);
            writer.U32(delta);
        }

        writer.Close(box);
        WriteOffsets(ref writer);
        WriteKeys(ref writer);
        WriteChunks(ref writer);
        box = writer.Open("stsz"u8, 0, 0);
        writer.U32(0);
        writer.I32(_sizes.Count);
        foreach (var size in _sizes)
        {
            writer.I32(size);
        }

        writer.Close(box);
        box = writer.Open("co64"u8, 0, 0);
        writer.I32(_chunks.Count);
        foreach (var (offset, _, _) in _chunks)
        {
            writer.U64((ulong)(mediaOffset + offset));
        }

        writer.Close(box);
        writer.Close(table);
    }

    void WriteOffsets(ref BoxWriter writer)
    {
        if (_offsets is [(_, 0)])
        {
            return;
        }

        var box = writer.Open("ctts"u8, 1, 0);
        writer.I32(_offsets.Count);
        foreach (var (count, offset) in _offsets)
        {
            writer.U32(count);
            writer.I32(offset);
        }

        writer.Close(box);
    }

    // Without the box every sample is a key.
    void WriteKeys(ref BoxWriter writer)
    {
        if (_keys.Count == _sizes.Count)
        {
            return;
        }

        var box = writer.Open("stss"u8, 0, 0);
        writer.I32(_keys.Count);
        foreach (var key in _keys)
        {
            writer.U32(key);
        }

        writer.Close(box);
    }

    void WriteChunks(ref BoxWriter writer)
    {
        var runs = new List<(int First, int Samples, int Description)>();
        for (var index = 0; index < _chunks.Count; index++)
        {
            if (runs.Count == 0 || runs[^1].Samples != _chunks[index].Samples || runs[^1].Description != _chunks[index].Description)
            {
                runs.Add((index + 1, _chunks[index].Samples, _chunks[index].Description));
            }
        }

        var box = writer.Open("stsc"u8, 0, 0);
        writer.I32(runs.Count);
        foreach (var (chunk, samples, description) in runs)
        {
            writer.I32(chunk);
            writer.I32(samples);
            writer.I32(description);
        }

        writer.Close(box);
    }
}
