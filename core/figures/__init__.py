"""Figures: one function computes the data, another draws it with Plotly."""
