"""Use-cases by noun. They take a session, flush, never commit, and know neither screen nor network."""
