"""The local Elasticsearch: noida-db, behind a front that adds the security API and what else it lacks."""
