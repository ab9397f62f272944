"""Running generated programs."""
