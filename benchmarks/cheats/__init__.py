"""What somebody might try who has found little, and the honest review that looks like it."""
