"""Analyses of finished models. The only package that may read the holdout part."""
