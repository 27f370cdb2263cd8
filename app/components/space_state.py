"""The changes of a search space that a form holds, in the session: each form has its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.components.space_overrides import Overrides


@dataclass(frozen=True, slots=True)
class SpaceState:
    """The changes in the form `form`, of all data sets. `prefix` begins the keys of its controls."""

    form: str
    prefix: str

    def overrides(self) -> Overrides:
        """Return the changes."""
        found: Overrides = st.session_state.setdefault(self._key, {})
        return found

    def put(self, overrides: Overrides) -> None:
        """Replace all changes."""
        st.session_state[self._key] = dict(overrides)

    def change(self, name: str, value: Any) -> None:
        """Change one hyperparameter; None takes the change back."""
        changed = {other: kept for other, kept in self.overrides().items() if other != name}
        self.put(changed if value is None else changed | {name: value})

    def forget_controls(self) -> None:
        """Let all controls start again from the changes."""
        for key in [str(key) for key in st.session_state if str(key).startswith(f"{self.prefix}_p_")]:
            del st.session_state[key]

    @property
    def _key(self) -> str:
        return f"{self.form}_space"


RUN_SPACE = SpaceState("setup", "space")
STUDY_SPACE = SpaceState("study", "study_space")
