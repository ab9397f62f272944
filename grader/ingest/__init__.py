"""Reading submissions."""
