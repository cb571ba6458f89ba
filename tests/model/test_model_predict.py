"""Margins by LightGBM's own prediction."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from icsml.model.predict import margin


class Watched:
    """A booster that notes how many threads predict with it at a time."""

    def __init__(self):
        self.now = self.most = self.calls = 0

    def num_feature(self):
        return 2

    def predict(self, X, **_):
        self.now += 1
        self.calls += 1
        self.most = max(self.most, self.now)
        time.sleep(0.01)  # long enough for the others to come in
        self.now -= 1
        return np.zeros(len(X))


def test_one_thread_at_a_time_predicts():
    booster = Watched()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: margin(booster, np.zeros((3, 2))), range(8)))
    assert booster.calls == 8
    assert booster.most == 1
