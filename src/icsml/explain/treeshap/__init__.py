"""Exact SHAP values of tree ensembles at the speed of prediction: any LightGBM booster, any rows, nothing of credit."""

from icsml.explain.treeshap.shap import TreeShap

__all__ = ["TreeShap"]
