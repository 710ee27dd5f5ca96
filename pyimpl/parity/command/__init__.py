"""What did the user ask? One file per verb, the console, the pytest fixture."""
