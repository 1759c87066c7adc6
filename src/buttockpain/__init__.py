"""Ranks the causes of buttock pain with an exact Bayesian network, safety first.

Decision support and research; not a diagnosis, not a medical device, no advice to start or stop a treatment.

>>> import buttockpain as bp
>>> answer = bp.rank({"low_back_pain": "yes", "slr_positive": True, "pain_worse_cough_sneeze": True, "pain_severity": 8})
>>> str(answer.triage.level), answer.causes[0].id
('consultation_24h', 'lumbar_disc_herniation')
"""

import importlib
from typing import TYPE_CHECKING

from buttockpain.version import __version__

if TYPE_CHECKING:
    from buttockpain.differential import Differential
    from buttockpain.errors import (
        AnswerError,
        ButtockpainError,
        ImpossibleEvidenceError,
        MissingExtraError,
        ModelError,
        UnsafeModelError,
    )
    from buttockpain.model import Model, default_model, explain, load_model, next_question, next_questions, rank
    from buttockpain.triage import Triage
    from buttockpain.types import Level

__all__ = [
    "AnswerError",
    "ButtockpainError",
    "Differential",
    "ImpossibleEvidenceError",
    "Level",
    "MissingExtraError",
    "Model",
    "ModelError",
    "Triage",
    "UnsafeModelError",
    "__version__",
    "default_model",
    "explain",
    "load_model",
    "next_question",
    "next_questions",
    "rank",
]

# Public names are fetched on first use (PEP 562), so that an application pays for numpy and pydantic when it first ranks,
# not when it starts.
_HOME = {
    "differential": ("Differential",),
    "errors": (
        "AnswerError",
        "ButtockpainError",
        "ImpossibleEvidenceError",
        "MissingExtraError",
        "ModelError",
        "UnsafeModelError",
    ),
    "model": ("Model", "default_model", "explain", "load_model", "next_question", "next_questions", "rank"),
    "triage": ("Triage",),
    "types": ("Level",),
}


def __getattr__(name: str) -> object:
    for home, names in _HOME.items():
        if name in names:
            module = importlib.import_module(f"buttockpain.{home}")
            globals().update({public: getattr(module, public) for public in names})
            return globals()[name]
    message = f"module 'buttockpain' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
