"""Answers to render in tests, a hostile copy of any record, and the structure of a page as a parser sees it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from html.parser import HTMLParser
from typing import Any, Literal, NamedTuple, TypeVar, get_origin

from pydantic import BaseModel

from buttockpain.differential import Differential
from buttockpain.explanation import Explanation
from buttockpain.model import default_model, explain, next_questions, rank
from buttockpain.questions import NextQuestions
from buttockpain.types import Audience

Record = TypeVar("Record", bound=BaseModel)

PRESENTATIONS: Mapping[str, Mapping[str, Any]] = {
    "severe and long-lasting": {
        "low_back_pain": "yes", "leg_numbness": "yes", "pain_worse_sitting": "no", "slr_positive": 0.8, "age": 45,
        "sex": "female", "pain_severity": 8, "duration_days": 60, "saddle_numbness": "no", "bladder_change": "unknown",
    },
    "emergency": {"saddle_numbness": "yes", "leg_numbness": "yes", "pain_severity": 9, "duration_days": 50},
    "ambulance, without severe pain": {"cold_pale_leg": "yes", "pain_severity": 3},
    "nothing but the complaint": {},
    "near certain": {
        "pain_radiating_down_leg": "yes", "pain_below_knee": "yes", "slr_positive": "yes", "crossed_slr_positive": "yes",
        "dermatomal_sensory_loss": "yes", "ankle_reflex_reduced": "yes", "burning_shooting_pain": "yes",
        "pain_worse_cough_sneeze": "yes", "local_tenderness": "no", "leg_cramps": "no",
    },
    "every warning sign denied": {
        **{name: "no" for name, finding in default_model().knowledge.finding.items() if finding.red_flag},
        "deep_mid_buttock_pain": "yes", "pain_worse_sitting": "yes", "under_18": "no", "cold_damp_exposure": "yes",
    },
}  # fmt: skip


class Told(NamedTuple):
    """Everything there is to tell one reader about one person."""

    answer: Differential
    explanation: Explanation
    questions: NextQuestions


@cache
def told(name: str, audience: Audience = "clinician") -> Told:
    """Return what there is to tell about one of the presentations; the cause explained is the one that leads."""
    answers = PRESENTATIONS[name]
    answer = rank(answers)
    why = explain(answers, answer.leading or "none_of_these")
    return Told(answer, why, next_questions(answers, n=4, audience=audience))


def hostile_told(name: str, audience: Audience = "clinician") -> Told:
    """Return the same with the payload in every free field."""
    answer, explanation, questions = told(name, audience)
    return Told(hostile(answer), hostile(explanation), hostile(questions))


# What breaks out of text, attributes, comments, styles, scripts, tables, lists, code and links; entities; direction
# marks; and control sequences of a terminal.
PAYLOAD = (
    "</title></style></script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    "\"'><svg/onload=alert(1)><!-- --> ]]> &lt;b&gt; &amp;amp; javascript:alert(1) {{7*7}} ${x}"
    "\n\n# heading\n---\n| a | b |\n|---|---|\n1. one\n- two\n> three\n    code\n```\nfence\n``` `tick` [link](javascript:alert(1))"
    " ![image](http://example.invalid/x.png) <http://example.invalid> https://example.invalid www.example.invalid"
    " **bold** _em_ ~~struck~~ \\ \u202egnol\u202c \u2066isolate\u2069 \u200f \x1b[31mred\x1b]0;title\x07 \x00 \ud800 \r \u2028"
)


def hostile(record: Record) -> Record:
    """Return a record with the payload around every text in it; what comes from a closed set of words stays."""
    free = {name for name, field in type(record).model_fields.items() if get_origin(field.annotation) is not Literal}
    return record.model_copy(update={name: _hostile(getattr(record, name)) for name in sorted(free)})


def _hostile(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return hostile(value)
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return f"{PAYLOAD}{value}{PAYLOAD}"
    if isinstance(value, tuple):
        return tuple(map(_hostile, value))
    if isinstance(value, Mapping):
        return {_hostile(key): _hostile(one) for key, one in value.items()}
    return value


class Page(HTMLParser):
    """What a parser finds in a page.

    Attributes
    ----------
    structure : every start and end tag in order, with its attributes.
    tags : every start tag in order, with its attributes by name.
    texts : every piece of text with the tags around it.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.structure: list[str] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.comments: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.structure.append(f"<{tag} {sorted(attrs, key=str)}>")
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note a closing tag, which must close the one opened last."""
        assert self._open.pop() == tag, f"</{tag}> closes nothing"
        self.structure.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip():
            self.texts.append((tuple(self._open), data))

    def handle_comment(self, data: str) -> None:
        """Note a comment; a report has none."""
        self.comments.append(data)

    def text(self, *, within: str = "body") -> str:
        """Return all text inside some tag."""
        return " ".join(" ".join(data.split()) for tags, data in self.texts if within in tags)
