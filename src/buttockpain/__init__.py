"""Ranks the causes of buttock pain with an exact Bayesian network, safety first.

Decision support and research; not a diagnosis, not a medical device, no advice to start or stop a treatment.

>>> import buttockpain as bp
>>> answer = bp.rank({"low_back_pain": "yes", "leg_numbness": True, "pain_severity": 8, "duration_days": 60})
>>> str(answer.triage.level), answer.causes[0].id
('consultation_24h', 'lumbar_disc_herniation')
"""

from buttockpain.differential import Differential
from buttockpain.errors import (
    AnswerError,
    ButtockpainError,
    ImpossibleEvidenceError,
    MissingExtraError,
    ModelError,
    UnsafeModelError,
)
from buttockpain.model import Model, default_model, load_model, rank
from buttockpain.triage import Triage
from buttockpain.types import Level
from buttockpain.version import __version__

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
    "load_model",
    "rank",
]
