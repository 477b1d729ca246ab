"""The ways out: one module a gateway. They know no database."""
