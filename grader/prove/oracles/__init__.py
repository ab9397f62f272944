"""One file an oracle: each judges the runs of a program and gives its findings."""
