"""Clean programs, one folder each."""
