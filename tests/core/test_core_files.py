"""Files appear whole or not at all."""

import pytest

from icsml.core.files import check_target, whole_file
from icsml.errors import InputError


def test_a_file_takes_its_name_only_when_all_went_well(tmp_path):
    target = tmp_path / "new" / "f"
    with whole_file(target) as partial:
        partial.write_text("a")
        assert not target.exists()
    assert target.read_text() == "a"

    def fail() -> None:
        with whole_file(target) as partial:
            partial.write_text("half")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail()
    assert target.read_text() == "a"
    assert [path.name for path in target.parent.iterdir()] == ["f"]


def test_a_target_that_cannot_become_a_file_is_refused(tmp_path):
    (tmp_path / "f").write_text("a")
    with pytest.raises(InputError, match="is a folder"):
        check_target(tmp_path)
    with pytest.raises(InputError, match="lies below a file"):
        check_target(tmp_path / "f" / "x" / "y")
    check_target(tmp_path / "f")
