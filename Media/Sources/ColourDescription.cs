namespace Tributary.Media.Sources;

/// <summary>How colour is meant, in the numbers of ITU-T H.273; 2 where nobody said.</summary>
/// <param name="Primaries">ColourPrimaries: 1 for BT.709, 9 for BT.2020.</param>
/// <param name="Transfer">TransferCharacteristics: 16 for PQ, 18 for HLG.</param>
/// <param name="Matrix">MatrixCoefficients.</param>
public readonly record struct ColourDescription(int Primaries, int Transfer, int Matrix)
{
    public static ColourDescription Unspecified => new(2, 2, 2);
}
