"""What sits inside the child process and writes down what a program does."""
