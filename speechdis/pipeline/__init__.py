"""Whole steps of a study, as the commands run them: features, twins, training, evaluation, a suite of systems."""
