"""Surface variation of a clean program: what it does stays, how it is written changes."""
