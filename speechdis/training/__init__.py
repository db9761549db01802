"""Everything between a recipe and a checkpoint: configuration, batches, the loop."""
