"""Leveraged tokens: deploy, keep, test and simulate the contracts of this project."""
