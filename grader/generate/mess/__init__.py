"""Making a tidy program look like the script of a hurried colleague, one habit a file."""
