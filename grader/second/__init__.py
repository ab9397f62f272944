"""Second readers: off by default, needed for no score, and allowed to suggest, not to decide."""
