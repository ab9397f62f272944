"""How the matcher agrees with careful readers."""
