"""The bundle: a model as a folder of text, JSON and one plain array, so that loading it cannot run code.

``model.txt`` and ``companion.txt`` hold the trees, ``bundle.json`` what turns them into a PD, ``rulebook.yaml`` the
points, ``peers.json`` whom they rank by, ``reference.npy`` whom reasons compare with, ``model_card.md`` the prose,
``manifest.json`` the SHA-256 of each. The same data, code and seed give the same bytes: no time, operator or run is
written here. Trees are not written unless their declared directions are proved on them; reading does not prove it
again.
"""

from __future__ import annotations

from icsml.model.bundle_checks import certificates
from icsml.model.bundle_parts import Bundle, BundleParts, scorers
from icsml.model.bundle_reading import read_bundle
from icsml.model.bundle_writing import place_bundle, write_bundle

__all__ = ["Bundle", "BundleParts", "certificates", "place_bundle", "read_bundle", "scorers", "write_bundle"]
