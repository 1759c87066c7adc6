"""Codes of public classifications, as the model file gives them and the answer repeats them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

__all__ = ["Code"]


class Code(BaseModel, frozen=True, strict=True, extra="forbid", defer_build=True):
    """A code of a public classification; status V seen in the classification, C certain from general use."""

    system: Literal["snomed_ct", "icd10", "icd10cm", "icd11", "hpo"]
    code: str
    label: str = ""
    status: Literal["V", "C"]
