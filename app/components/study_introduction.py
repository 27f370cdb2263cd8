"""What a study asks and how, in plain words, for those who see the page for the first time."""

from __future__ import annotations

import streamlit as st

from core.study_config import StudyConfig

_TEXT = """
**The question.** A search usually keeps the network with the best accuracy on validation data. Would it find networks
that do better on *new* data if it also counted how soundly they learned?

**Two modes.** The same search is done in two ways, many times each:

- *Accuracy-only* keeps the network with the highest validation accuracy.
- *Health-aware* keeps the one with the highest total score of accuracy and six health measurements, weighted as you
  choose.

**Pairs.** Searches depend on luck. So run 1 of one mode and run 1 of the other share all their luck: how the data are
split, where the search starts, the first weights of the networks. What is left between the two is the mode. Networks
that both propose are trained once.

**The judge.** A part of the data, the *holdout*, is used by no training and no choice. It is opened once, when all runs
have ended, and that is written down.

**Four answers are possible:** better, worse, equivalent (too close to matter), or no difference shown. Each of them is
a result. What counts as better is fixed beforehand: more than {points:g} percentage points on the holdout.
"""


def study_introduction(*, first: bool) -> None:
    """Draw the introduction; open while there is no study yet."""
    with st.expander("What a study asks, and how it is answered", expanded=first):
        st.markdown(_TEXT.format(points=100 * StudyConfig().sesoi))
