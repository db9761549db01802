"""Recordings that should have the voice of A and the words of B, by judges that were not trained here."""
