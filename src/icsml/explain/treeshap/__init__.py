"""Exact SHAP values of any LightGBM booster at the speed of prediction; independent of credit.

Other packages import from here alone. What is where:

- ``explainer``: :class:`TreeShap`, the explainer of a booster; ``engines``: its two ways, by tables and by walks.
- ``forest``: the trees of a booster as arrays; ``threshold_ranks``: a value's rank among the thresholds.
- Tables: ``leaf_groups`` cuts trees into groups of leaves, ``shapley_tables`` computes a table for each,
  ``table_kernels`` and ``table_instructions`` look rows up in them.
- Walks, for deep trees: ``tree_walk`` writes the steps, ``walk_kernels`` and ``walk_instructions`` take them.
- ``vector_instructions``: instructions that a compiler does not derive alone.
"""

from icsml.explain.treeshap.explainer import TreeShap

__all__ = ["TreeShap"]
