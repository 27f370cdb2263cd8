"""The frame around all pages: page settings, the door from inside, and navigation, nothing else."""

from __future__ import annotations

import streamlit as st

from app.door.inside import door

# An emoji and not a `:material/...:` icon: the browser would fetch that one from Google.
st.set_page_config(page_title="Model Health Lab", page_icon="🩺", layout="wide")

PAGES = [
    st.Page("../pages/exploration.py", title="Hyperparameter Exploration", url_path="exploration", default=True),
    st.Page("../pages/study.py", title="Hyperparameter Study", url_path="study"),
    st.Page("../pages/runs.py", title="Runs", url_path="runs"),
    st.Page("../pages/data.py", title="Data", url_path="data"),
]

page = st.navigation(PAGES, position="top")
door()
page.run()
