"""Building blocks that know tensors and no files: Gaussians, recurrences, contrast, information."""
