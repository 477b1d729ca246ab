"""Drafts: written by a model when one is configured, by templates otherwise, always labelled with which."""
