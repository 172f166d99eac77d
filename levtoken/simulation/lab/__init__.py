"""The policy lab: compares rules of rebalancing along prices, for `ape run simulate`."""
