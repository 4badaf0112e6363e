"""What it takes to read a system over its API, beside other ways to do so."""
