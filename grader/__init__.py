"""The automated code-review exercise grader."""
