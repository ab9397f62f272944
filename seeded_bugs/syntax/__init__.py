"""Reading programs with libcst: the tools that the kinds share."""
