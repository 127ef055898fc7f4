using Engine.LongTasks;

return TasksCommand.Create().Parse(args).Invoke();
