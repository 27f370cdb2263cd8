"""Model Health Lab: architecture search that scores accuracy and model health. Usable without Streamlit."""

__version__ = "0.1.0"
