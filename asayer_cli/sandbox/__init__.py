"""A local AWS and a local Elasticsearch for trying and testing (extra `sandbox`)."""
