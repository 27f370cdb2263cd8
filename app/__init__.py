"""The Streamlit application: it draws what `core` knows, and computes nothing."""
