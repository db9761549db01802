"""Copies of speech that keep the words and change the rest: voices, channels, frame order."""
