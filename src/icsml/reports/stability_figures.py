"""Results of ``icsml stability --json``, as pages display them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from icsml.errors import InputError
from icsml.explain.stability_results import Drawn, Spread
from icsml.texts.catalogue import Part, has_text, phrase

__all__ = [
    "Against",
    "StabilityFigures",
    "bundle_robustness_sentences",
    "model_name",
    "parse_stability",
    "robustness_sentences",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Against(_Part):
    """One of the models compared with the base."""

    against: str


class StabilityFigures(_Part):
    """Changes of reasons; see :class:`icsml.explain.stability_results.Stability` for the fields."""

    dataset: str
    synthetic: bool
    base: str
    bundles: dict[str, str]
    drawn: Drawn | None
    rows: int
    riskiest_rows: int
    top: int
    summary: dict[str, dict[str, dict[str, Spread | None]]]
    recourse_survival: Spread | None
    recourse_better_grade: Spread | None
    contradictions: Spread | None
    unknown: dict[str, str] = {}
    comparisons: Annotated[tuple[Against, ...], Field(min_length=1)]

    def require_of(self, bundle_sha256: str, dataset: str | None = None) -> None:
        """Reject results measured on another bundle, or on retrains with another data set.

        Parameters
        ----------
        bundle_sha256 : str
            The bundle.
        dataset : str, optional
            Name of the data set that it states it was trained on.

        Raises
        ------
        InputError
            ``ICS-RPT-004``.
        """
        if bundle_sha256 in self.bundles.values():
            return
        if self.drawn is None:
            named = ", ".join(f"{name} ({sha256[:12]}…)" for name, sha256 in self.bundles.items())
            fault = f"compares other bundles than this one ({bundle_sha256[:12]}…): {named or 'none is named'}"
        elif dataset is not None and dataset != self.dataset:
            fault = f"is of models trained on {self.dataset}, and this one was trained on {dataset}"
        else:
            return
        raise InputError(
            "ICS-RPT-004",
            fault,
            field="--stability",
            remedy="give a comparison that this model is part of, or one of retrains on its data set",
        )

    def figure(self, rows: str, level: str, name: str) -> Spread | None:
        """Return one figure by rows (``all``, ``riskiest``) and level; None where it was not measured."""
        return self.summary.get(rows, {}).get(level, {}).get(name)


def parse_stability(content: bytes, where: str) -> StabilityFigures:
    """Parse the output of ``icsml stability --json``.

    Raises
    ------
    InputError
        ``ICS-RPT-003`` if it is something else.
    """
    try:
        return StabilityFigures.model_validate_json(content)
    except ValidationError as error:
        raise InputError(
            "ICS-RPT-003",
            "not what `icsml stability --json` prints",
            field=where,
            remedy="run `icsml stability --data DIR --json > F.json` and give that file",
        ) from error


def bundle_robustness_sentences(figures: StabilityFigures | None, bundle_sha256: str, lang: str) -> list[str]:
    """Return in sentences how a bundle's recourse does under other models, and on which bundle that was measured.

    Parameters
    ----------
    figures : StabilityFigures, optional
        None where it was not measured.
    bundle_sha256 : str
        The bundle whose recourse is displayed.
    lang : str
        Language.
    """
    if figures is None:
        return [phrase("pages.recourse_robustness", lang)]
    facts: dict[str, Part] = {"data": figures.dataset, "rows": figures.rows, "count": len(figures.comparisons)}
    measured = phrase(
        f"pages.recourse_measured_of_{_part_of(figures, bundle_sha256)}", lang, base=model_name(figures.base), **facts
    )
    sentences = [measured, *robustness_sentences(figures, lang)]
    return [*sentences, phrase("pages.simulated", lang)] if figures.synthetic else sentences


def _part_of(figures: StabilityFigures, bundle_sha256: str) -> str:
    """Return the part of a bundle in a comparison: its base, the other model, or none of the retrained models."""
    if figures.bundles.get(figures.base) == bundle_sha256:
        return "base"
    return "other" if bundle_sha256 in figures.bundles.values() else "retrains"


def robustness_sentences(figures: StabilityFigures, lang: str) -> list[str]:
    """Return in sentences how much of the recourse other models answer with a lower PD and a better grade too."""
    base = model_name(figures.base)
    if figures.recourse_survival is None:
        why = figures.unknown.get("recourse_survival")
        key = f"pages.recourse_unknown_{why}"
        return [phrase(key if has_text(key) else "pages.recourse_unknown_unstated", lang, base=base)]
    sentences = [phrase("pages.recourse_lower_pd", lang, base=base, **_shares(figures.recourse_survival))]
    if figures.recourse_better_grade is not None:
        sentences.append(phrase("pages.recourse_better_grade", lang, **_shares(figures.recourse_better_grade)))
    return sentences


def model_name(model: str) -> str:
    """Return a model's address in a register unchanged, or the name of its folder without the path."""
    return model if ":/" in model else model.rstrip("/").rpartition("/")[2]


def _shares(spread: Spread) -> dict[str, float]:
    return {"mean": spread.mean, "low": spread.low, "high": spread.high}
