"""Declared feature functions, and the encoder shared by training, batch and service."""
