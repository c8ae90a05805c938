"""What keeps the house running: backup and restore, heartbeats, and whether all is well."""
