"""Frames of speech: filterbanks and spectra, their statistics, and the store that holds them."""
