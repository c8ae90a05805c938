"""Sheets that people have: read as they are, tried out row by row, taken in as a batch, and taken back."""
