"""Elasticsearch: connection, API keys, searching. The client library lives here and nowhere else."""
