"""Experiments as one web page: figures, tables, and swaps to see and to hear."""
