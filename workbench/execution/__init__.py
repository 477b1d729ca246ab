"""Sending what is due: the queue's own rules, and the worker that follows them."""
