"""The keeper: it pokes the tokens that the chain says are due. Decide pure, execute thin."""
