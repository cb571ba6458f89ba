from __future__ import annotations

import dataclasses
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from icsml.errors import MissingError, ModelError
from icsml.model import bundle_store as store_module
from icsml.model.bundle import place_bundle, read_bundle, write_bundle
from icsml.model.bundle_store import is_intact, move_in


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "home" / "bundles"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_bundle_is_placed_under_its_name_and_hash(store: Path, bundle_parts: Any):
    placed = place_bundle(store, bundle_parts)
    assert placed.folder == store / f"icsml-pd-{placed.sha256[:12]}"
    assert read_bundle(placed.folder).sha256 == placed.sha256
    assert list(store.iterdir()) == [placed.folder]


def test_the_same_bundle_is_left_where_it_lies(store: Path, bundle_parts: Any):
    first = place_bundle(store, bundle_parts)
    before = {path: path.stat().st_ino for path in first.folder.iterdir()}
    assert place_bundle(store, bundle_parts).folder == first.folder
    assert {path: path.stat().st_ino for path in first.folder.iterdir()} == before
    assert list(store.iterdir()) == [first.folder]


def cut(folder: Path) -> None:
    (folder / "model.txt").write_bytes((folder / "model.txt").read_bytes()[:100])


def lose(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def empty(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def become_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("no bundle")


def become_a_dead_link(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to("nowhere")


@pytest.mark.parametrize("damage", [cut, lose, empty, become_a_file, become_a_dead_link], ids=lambda f: f.__name__)
def test_a_damaged_bundle_is_replaced(store: Path, bundle_parts: Any, damage: Any):
    first = place_bundle(store, bundle_parts)
    whole = contents(first.folder)
    damage(first.folder)
    assert not is_intact(first.folder)
    again = place_bundle(store, bundle_parts)
    assert (again.folder, again.sha256) == (first.folder, first.sha256)
    assert contents(again.folder) == whole
    assert list(store.iterdir()) == [first.folder]


def test_another_bundle_in_the_place_gives_way(store: Path, tmp_path: Path, bundle_parts: Any):
    first = place_bundle(store, bundle_parts)
    shutil.rmtree(first.folder)
    write_bundle(first.folder, dataclasses.replace(bundle_parts, card="Another.\n"))
    assert is_intact(first.folder)
    assert not is_intact(first.folder, first.sha256)
    place_bundle(store, bundle_parts)
    assert is_intact(first.folder, first.sha256)


def test_a_damaged_bundle_does_not_move_in(tmp_path: Path, bundle_parts: Any):
    made, target = tmp_path / "made", tmp_path / "target"
    write_bundle(made, bundle_parts)
    cut(made)
    with pytest.raises(ModelError, match="ICS-MOD-013"):
        move_in(made, target)
    assert not target.exists()


def test_a_place_that_cannot_be_written_is_said_so(store: Path, bundle_parts: Any, monkeypatch: pytest.MonkeyPatch):
    rename = Path.rename

    def refuse(self: Path, target: Any) -> Path:
        if Path(target).parent == store:
            raise PermissionError(13, "no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(MissingError, match="ICS-MOD-010") as caught:
        place_bundle(store, bundle_parts)
    assert caught.value.remedy
    assert list(store.iterdir()) == []


def test_what_another_process_put_there_meanwhile_is_taken(
    store: Path, bundle_parts: Any, monkeypatch: pytest.MonkeyPatch
):
    """The other moves in between the writing and the move of this one."""
    verified = store_module.verified_files

    def meanwhile(folder: Path) -> Any:
        found = verified(folder)
        if folder.parent.name.startswith(".new-"):
            shutil.copytree(folder, store / f"icsml-pd-{found[1][:12]}")
        return found

    monkeypatch.setattr(store_module, "verified_files", meanwhile)
    placed = place_bundle(store, bundle_parts)
    assert list(store.iterdir()) == [placed.folder]


def test_many_may_place_the_same_at_once_over_a_damaged_one(store: Path, bundle_parts: Any):
    first = place_bundle(store, bundle_parts)
    cut(first.folder)
    made = [first.folder.with_name(f"made{number}") for number in range(8)]
    for folder in made:
        write_bundle(folder, bundle_parts)
    failed: list[BaseException] = []
    start = threading.Barrier(len(made))

    def place(folder: Path) -> None:
        start.wait()
        try:
            move_in(folder, first.folder)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=place, args=(folder,)) for folder in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert is_intact(first.folder, first.sha256)
    assert not [path for path in store.iterdir() if path.name.startswith(".")]
