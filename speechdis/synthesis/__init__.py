"""From latent codes back to sound."""
