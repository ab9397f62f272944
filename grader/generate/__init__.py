"""From a clean program to a published exercise and its key."""
