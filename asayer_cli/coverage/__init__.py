"""How much of what the back end logs as errors reaches replays."""
