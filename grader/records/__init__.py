"""Frozen values: the only words that cross between stages."""
