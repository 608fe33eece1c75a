"""The commands: click only; each parses, calls a room and returns a result."""
