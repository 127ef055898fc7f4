Console.WriteLine(Engine.Isa.InstructionSets.Best);
return 0;
