"""The contract language: editions, events, clocks. Pure: no Django, no clock, no database, no file."""

from encore.engine.batch import judge_all
from encore.engine.clocks import Clock, State
from encore.engine.edition import Edition, load_edition
from encore.engine.events import Event
from encore.engine.faults import EditionError, EventError, Fault, ParameterError
from encore.engine.judge import Judge
from encore.engine.terms import Rule, Terms

__all__ = [
    "Clock", "Edition", "EditionError", "Event", "EventError", "Fault", "Judge", "ParameterError", "Rule", "State", "Terms",
    "judge_all", "load_edition",
]  # fmt: skip
