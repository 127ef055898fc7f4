using Engine.Compare;

return CompareCommand.Create().Parse(args).Invoke();
