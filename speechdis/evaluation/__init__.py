"""A trained model is measured here: its vectors, its swaps, its bounds, and the tables of them."""
