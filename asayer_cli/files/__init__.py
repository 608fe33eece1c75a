"""Local files and standard input as a source of log entries: formats told apart by content, one pass over the bytes."""
