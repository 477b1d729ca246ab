"""A believable agency for newcomers, tests and benchmarks: the same each time for a given moment."""

from workbench.services.demo.load import load_demo

__all__ = ["load_demo"]
