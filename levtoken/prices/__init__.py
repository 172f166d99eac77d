"""Prices and funding rates from exchanges, and what is wrong with files of them."""
