using Engine.Threading;

namespace Engine.Tests.Threading;

[TestClass]
public sealed class WorkerTeamTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(5)]
    public void Every_chunk_is_done_exactly_once_and_stages_do_not_overlap(int workers)
    {
        using var team = new WorkerTeam(workers);
        var stage = new Counting(64);
        for (int step = 0; step < 200; step++)
        {
            team.Enter();
            for (int i = 0; i < 10; i++)
            {
                int chunks = (step * 7 + i * 3) % 64;
                Array.Clear(stage.Done);
                team.Run(stage, chunks);
                for (int chunk = 0; chunk < 64; chunk++) Assert.AreEqual(chunk < chunks ? 1 : 0, stage.Done[chunk]);
            }

            team.Leave();
            if (step % 50 == 0) Thread.Sleep(5);
        }

        Assert.IsTrue(stage.Workers.Take(workers).Any(count => count > 0));
        Assert.IsTrue(stage.Workers.Skip(workers).All(count => count == 0));
    }

    [TestMethod]
    public void An_error_in_a_chunk_reaches_the_caller_and_the_team_goes_on()
    {
        using var team = new WorkerTeam(2);
        team.Enter();
        Assert.ThrowsExactly<InvalidTimeZoneException>(() => team.Run(new Failing(), 8));
        var stage = new Counting(8);
        team.Run(stage, 8);
        Assert.IsTrue(stage.Done.All(count => count == 1));
        team.Leave();
    }

    [TestMethod]
    public void Sleeping_workers_wake_for_the_next_step()
    {
        using var team = new WorkerTeam(3);
        var stage = new Counting(32);
        for (int i = 0; i < 5; i++)
        {
            Thread.Sleep(20);
            team.Enter();
            Array.Clear(stage.Done);
            team.Run(stage, 32);
            team.Leave();
            Assert.IsTrue(stage.Done.All(count => count == 1));
        }
    }

    private sealed class Counting(int chunks) : IStage
    {
        public int[] Done { get; } = new int[chunks];

        public int[] Workers { get; } = new int[16];

        public void Run(int chunk, int worker)
        {
            Interlocked.Increment(ref Done[chunk]);
            Interlocked.Increment(ref Workers[worker]);
        }
    }

    private sealed class Failing : IStage
    {
        public void Run(int chunk, int worker)
        {
            if (chunk == 5) throw new InvalidTimeZoneException("chunk 5");
        }
    }
}
