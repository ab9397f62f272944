"""Which comment says which flaw."""
