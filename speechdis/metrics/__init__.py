"""Arrays in, numbers out: verification, trials, probes, clusters, acoustics, and the baselines beside them."""
