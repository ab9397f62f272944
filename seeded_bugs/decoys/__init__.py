"""Sound code that looks wrong, one file a kind."""
