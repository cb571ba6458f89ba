"""The rulebooks of this installation, read once until a file changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType

from icsml.innovation.rulebooks.listing import listed
from icsml.innovation.rulebooks.load import list_sound, rulebook_files
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.records.rulebook_list import RulebookList, UnreadableRulebook

__all__ = ["RulebookFiles", "Rulebooks"]

_Signature = tuple[tuple[str, str, int, int], ...]


@dataclass(frozen=True)
class Rulebooks:
    """What can be asked for at one moment.

    Parameters
    ----------
    editions : mapping of str to Rulebook or Outline
        By id, in the order of the ids. The rules of the model that decides take the place of a file of that id.
    unreadable : mapping of str to str
        Codes of the files that are not sound, by id.
    decides : str or None
        Which one the model that decides now gives points by.
    """

    editions: Mapping[str, Rulebook | Outline]
    unreadable: Mapping[str, str]
    decides: str | None

    def listing(self) -> RulebookList:
        """Return all of them, in short."""
        return RulebookList(
            rulebooks=[listed(edition, decides=name == self.decides) for name, edition in self.editions.items()],
            unreadable=[UnreadableRulebook(id=name, code=code) for name, code in self.unreadable.items()],
        )


class RulebookFiles:
    """Reads the files of rulebooks, and again when one has changed. Reading takes some 0.7 s: not on an event loop."""

    def __init__(self) -> None:
        self._reading = Lock()
        self._seen: _Signature | None = None
        self._editions: Mapping[str, Rulebook | Outline] = MappingProxyType({})
        self._unreadable: Mapping[str, str] = MappingProxyType({})

    def beside(self, own: Rulebook | None) -> Rulebooks:
        """Return the rulebooks, with that of the model that decides.

        Parameters
        ----------
        own : Rulebook, optional
            The rules of the model that decides.

        Raises
        ------
        ConfigError
            ``ICS-RUL-022`` if two files have the same id.
        """
        editions, unreadable = self._read()
        if own is None:
            return Rulebooks(editions, unreadable, None)
        together = {**editions, own.id: own}
        others = {name: code for name, code in unreadable.items() if name != own.id}
        return Rulebooks({name: together[name] for name in sorted(together)}, others, own.id)

    def _read(self) -> tuple[Mapping[str, Rulebook | Outline], Mapping[str, str]]:
        with self._reading:
            signature = _signature()  # before they are read: a change meanwhile is seen later
            if signature != self._seen:
                sound, unsound = list_sound()
                self._editions = {edition.id: edition for edition in sound}
                self._unreadable = {name: error.code for name, error in unsound.items()}
                self._seen = signature
            return self._editions, self._unreadable


def _signature() -> _Signature:
    found = ((name, path, path.stat()) for name, path in sorted(rulebook_files().items()))
    return tuple((name, str(path), stat.st_mtime_ns, stat.st_size) for name, path, stat in found)
