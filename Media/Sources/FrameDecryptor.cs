using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Tributary.Media.Sources;

/// <summary>Decrypts frames of the scheme cenc (ISO/IEC 23001-7 §10.1): AES in counter mode over a frame's protected parts, as if they lay together.</summary>
public sealed class FrameDecryptor(FrameProtection frames, ReadOnlyMemory<byte> key)
{
    const int Block = 16;

    /// <summary>Decrypts a frame where it lies. False where the file does not say how, or says more than the frame has.</summary>
    public bool TryDecrypt(int frame, Span<byte> bytes)
    {
        if (!frames.TryFind(frame, out var iv, out var parts))
        {
            return false;
        }

        using var aes = Aes.Create();
        aes.Key = key.ToArray();
        var stream = new KeyStream(aes, iv, stackalloc byte[64 * Block]);
        if (parts.IsEmpty)
        {
            stream.Apply(bytes);
        }

        while (!parts.IsEmpty)
        {
            var (clear, encrypted) = FrameProtection.Next(ref parts);
            if (clear + encrypted > bytes.Length)
            {
                return false;
            }

            stream.Apply(bytes.Slice(clear, (int)encrypted));
            bytes = bytes[(clear + (int)encrypted)..];
        }

        return true;
    }

    /// <summary>The encrypted counter, block after block (NIST SP 800-38A §6.5). An IV of 8 bytes is its upper half; the lower half counts.</summary>
    ref struct KeyStream
    {
        readonly Aes _aes;
        readonly Span<byte> _stream;
        readonly ulong _upper;
        ulong _lower;
        int _used;

        internal KeyStream(Aes aes, ReadOnlySpan<byte> iv, Span<byte> memory)
        {
            _aes = aes;
            _stream = memory;
            _used = memory.Length;
            (_upper, _lower) = (BinaryPrimitives.ReadUInt64BigEndian(iv), iv.Length == Block ? BinaryPrimitives.ReadUInt64BigEndian(iv[8..]) : 0);
        }

        internal void Apply(Span<byte> bytes)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                if (_used == _stream.Length)
                {
                    Refill();
                }

                bytes[i] ^= _stream[_used++];
            }
        }

        void Refill()
        {
            for (var at = 0; at < _stream.Length; at += Block)
            {
                BinaryPrimitives.WriteUInt64BigEndian(_stream[at..], _upper);
                BinaryPrimitives.WriteUInt64BigEndian(_stream[(at + 8)..], _lower++);
            }

            _aes.EncryptEcb(_stream, _stream, PaddingMode.None);
            _used = 0;
        }
    }
}
