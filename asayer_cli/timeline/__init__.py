"""What the back end did during a session: entries of every source, in the order of their time."""
