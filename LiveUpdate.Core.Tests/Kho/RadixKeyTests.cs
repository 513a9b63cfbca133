using CsCheck;
using LiveUpdate.Kho;

namespace LiveUpdate.Tests.Kho;

public sealed class RadixKeyTests
{
    // The worked examples of reference 2.9.
    [TestCase(0x1_2345_6000UL, 0, 0x0010_0000_0012_3456UL, 2, 0, 0, 0, 36, 13398)]
    [TestCase(0x1_2340_0000UL, 9, 0x0000_0800_0000_091AUL, 0, 2, 0, 0, 0, 2330)]
    [TestCase(0x4000_0000UL, 18, 0x0000_0004_0000_0001UL, 0, 0, 2, 0, 0, 1)]
    [TestCase(0x7FFF_F000UL, 0, 0x0010_0000_0007_FFFFUL, 2, 0, 0, 0, 15, 32767)]
    public void A71_WorkedExamples(ulong address, int order, ulong key, int l5, int l4, int l3, int l2, int l1, int leafBit)
    {
        var encoded = RadixKey.Encode(new PhysicalAddress(address), order);
        Assert.That(encoded.Value, Is.EqualTo(key));
        Assert.That(Enumerable.Range(1, 5).Reverse().Select(encoded.Index), Is.EqualTo(new[] { l5, l4, l3, l2, l1 }));
        Assert.That(encoded.LeafBit, Is.EqualTo(leafBit));
        Assert.That((encoded.Address.Value, encoded.Order, encoded.IsValid), Is.EqualTo((address, order, true)));
    }

    [Test]
    public void A72_DecodeUndoesEncode() =>
        Gen.Select(Gen.ULong[0, (1UL << 40) - 1], Gen.Int[0, RadixKey.MaxOrder]).Sample(
            (frame, order) =>
            {
                int shift = 12 + order;
                ulong address = shift >= 64 ? 0 : frame << shift;
                var key = RadixKey.Encode(new PhysicalAddress(address), order);
                return key.IsValid && key.Address.Value == address && key.Order == order;
            },
            writeLine: TestContext.Out.WriteLine);

    [TestCase(0UL)]
    [TestCase(1UL << 53)]
    [TestCase(ulong.MaxValue)]
    public void A74_KeysWithoutMarkerOrWiderThan53BitsAreNone(ulong key) => Assert.That(new RadixKey(key).IsValid, Is.False);

    [TestCase(0x1000UL, 1)]
    [TestCase(0x1001UL, 0)]
    [TestCase(1UL, 52)]
    public void AddressesThatAreNotAlignedAreMisuse(ulong address, int order) =>
        Assert.That(() => RadixKey.Encode(new PhysicalAddress(address), order), Throws.ArgumentException);

    [TestCase(-1)]
    [TestCase(53)]
    public void OrdersOutOfRangeAreMisuse(int order) =>
        Assert.That(() => RadixKey.Encode(PhysicalAddress.None, order), Throws.TypeOf<ArgumentOutOfRangeException>());
}
