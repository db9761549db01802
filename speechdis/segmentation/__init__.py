"""Recordings of several digits cut into single ones: by alignment with word models, or at the silences."""
