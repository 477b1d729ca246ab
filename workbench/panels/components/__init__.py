"""The few coarse components: each one ESM module beside its Python class."""
