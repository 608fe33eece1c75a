"""Local files and standard input as a source of log entries."""
