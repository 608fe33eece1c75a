"""The local AWS: moto, behind a front that adds what it lacks."""
