"""Models: each file of this package is one, named as on the command line.

A model module has a frozen dataclass `Config` and a class `Model(bins, config)`; see `base.py`.
"""
