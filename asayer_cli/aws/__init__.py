"""AWS: boto3's SDK lives here and nowhere else."""
