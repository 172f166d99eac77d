"""The demo: tokens along prices on a local node, with keeper, arbitrageurs and a liquidator."""
