"""The canary: one request as a browser would send it, followed until its log entry can be collected."""
