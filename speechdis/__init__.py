"""speechdis: who is speaking, separated from what is being said."""

__version__ = "0.1.0"
