"""The operator contract: every use-case, the same from a screen, a notebook and Python."""
