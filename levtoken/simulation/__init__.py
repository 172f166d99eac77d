"""Replays of price paths on the real contracts, and what is measured on the way."""
