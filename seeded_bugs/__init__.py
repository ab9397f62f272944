"""The catalogue of flaws, one file a kind."""
