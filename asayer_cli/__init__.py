"""Connect CloudWatch Logs and Elasticsearch to Asayer session replays, and prove that it works."""

__version__ = "0.1.0"
