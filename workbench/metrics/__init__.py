"""The metric views, the DuckDB mirror behind them, and ad-hoc SQL on it."""

from workbench.metrics.api import Metrics
from workbench.metrics.mirror import Mirror

__all__ = ["Metrics", "Mirror"]
