"""What ``make bench`` runs: each figure as a ratio against an alternative in the same run."""
