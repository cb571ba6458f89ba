from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from icsml.core.files import whole_file
from icsml.core.private_files import exposed, exposed_advice, is_writable_by_others, private_files


@pytest.fixture(autouse=True)
def _usual_umask():
    before = os.umask(0o022)
    yield
    assert os.umask(before) == 0o022


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def _write(folder):
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "f").touch()
    return [_mode(folder / "a"), _mode(folder / "a" / "b"), _mode(folder / "a" / "b" / "f")]


def test_what_is_made_within_is_its_owners_alone(tmp_path):
    with private_files():
        assert _write(tmp_path) == [0o700, 0o700, 0o600]


def test_what_is_made_afterwards_has_the_user_s_umask_whatever_happened_within(tmp_path):
    with pytest.raises(ValueError, match="x"), private_files(), private_files():
        raise ValueError("x")
    assert _write(tmp_path) == [0o755, 0o755, 0o644]


def test_threads_do_not_widen_one_another(tmp_path):
    """Each thread waits within and after the other's block: the first one out must not restore what the other needs."""
    steps = [Barrier(2, timeout=30) for _ in range(4)]

    def first():
        with private_files():
            steps[0].wait()
            steps[1].wait()
        steps[2].wait()

    def second():
        steps[0].wait()
        with private_files():
            steps[1].wait()
            steps[2].wait()
            (tmp_path / "f").touch()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(first), pool.submit(second)]:
            done.result(timeout=60)
    assert _mode(tmp_path / "f") == 0o600


def test_only_what_lies_under_home_is_private(tmp_path):
    home = tmp_path / "home"
    for named, mode in [(home / "x" / "out.csv", 0o600), (tmp_path / "out.csv", 0o644), (tmp_path / "home2", 0o644)]:
        with whole_file(named) as partial:
            partial.touch()
        assert _mode(named) == mode
    assert (_mode(home), _mode(home / "x")) == (0o700, 0o700)


@pytest.mark.parametrize(("mode", "counted"), [(0o600, 0), (0o640, 1), (0o604, 1), (0o620, 1), (0o601, 1)])
def test_what_others_can_reach_is_counted(tmp_path, mode, counted):
    folder = tmp_path / "home"
    with private_files():
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "f").touch()
        (folder / "link").symlink_to("/nowhere")
    (folder / "deep" / "f").chmod(mode)
    found = exposed(folder)
    assert (found.count if found else 0) == counted
    assert found is None or found.first == folder / "deep" / "f"


def test_an_outer_folder_is_named_before_what_is_in_it(tmp_path):
    folder = tmp_path / "my home"
    _write(folder)
    advice = exposed_advice(folder)
    assert advice.startswith(f"warning: {folder} and 3 more: ")
    assert advice.endswith(f"`chmod -R go= '{folder}'`")


def test_what_the_remedy_leaves_is_not_exposed(tmp_path):
    folder = tmp_path / "home"
    _write(folder)
    assert os.system(exposed_advice(folder).split("`")[1]) == 0
    assert exposed_advice(folder) is None


def test_a_folder_that_is_not_there_exposes_nothing(tmp_path):
    assert exposed_advice(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("mode", "writable"),
    [
        (stat.S_IFREG | 0o600, False),
        (stat.S_IFREG | 0o644, False),
        (stat.S_IFREG | 0o660, True),
        (stat.S_IFREG | 0o602, True),
        (stat.S_IFREG | stat.S_ISVTX | 0o666, True),
        (stat.S_IFDIR | 0o755, False),
        (stat.S_IFDIR | 0o775, True),
        (stat.S_IFDIR | stat.S_ISVTX | 0o777, False),
    ],
)
def test_who_may_write(mode, writable):
    assert is_writable_by_others(mode) == writable
