using QuantNotebooks.Kernel.CommandLine;

// Not returned from here: threads that a notebook's cells have started may not end, and must not keep the process.
Environment.Exit(await QuantnbCommand.InvokeAsync(args));
