"""What somebody with the open source might try in order to learn the flaws of an exercise."""
