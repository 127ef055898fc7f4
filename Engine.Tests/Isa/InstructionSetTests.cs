using Engine.Isa;

namespace Engine.Tests.Isa;

[TestClass]
public sealed class InstructionSetTests
{
    /// <summary>Runtime switches are silently ignored when misspelt, so every run that claims an instruction set says
    /// which one it expects and this test holds it to that.</summary>
    [TestMethod]
    public void TheBestInstructionSetIsTheOneThatThisRunClaims()
    {
        string best = InstructionSets.NameOf(InstructionSets.Best);
        string? expected = Environment.GetEnvironmentVariable("ENGINE_EXPECT_ISA");
        Assert.AreEqual(string.IsNullOrEmpty(expected) ? best : expected, best);
        Assert.IsTrue(InstructionSets.TryParse(best, out InstructionSet parsed));
        Assert.AreEqual(InstructionSets.Best, parsed);
    }

    [TestMethod]
    public void SupportedSetsStartWithScalarAndEndWithTheBest()
    {
        Assert.AreEqual(InstructionSet.Scalar, InstructionSets.Supported[0]);
        Assert.AreEqual(InstructionSets.Best, InstructionSets.Supported[^1]);
    }
}
