"""A page to play with a model, served to the browser of this computer alone: `speechdis app`."""
