"""Declared feature functions and the one encoder of training, batch and service."""
