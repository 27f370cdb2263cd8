"""Data of published worked examples."""

from __future__ import annotations

# Student (1908), The probable error of a mean: hours of sleep gained with two drugs; `sleep` in R.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

# Darwin's maize, Fisher (1935), The Design of Experiments, § 17 and § 21: crossed minus self-fertilised plants, in
# eighths of an inch.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]

# Lakens (2013), Calculating and reporting effect sizes, table 1: ratings of two films by the same ten people.
FILM_1 = [9, 7, 8, 9, 8, 9, 9, 10, 9, 9]
FILM_2 = [9, 6, 7, 8, 7, 9, 8, 8, 8, 7]

# Brunner & Munzel (2000): pain scores after surgery, treatments Y and N.
PAIN_Y = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 1, 1]
PAIN_N = [3, 3, 4, 3, 1, 2, 3, 1, 1, 5, 4]


def zeros(values: list[int]) -> list[float]:
    """Return as many zeros, so that `values` are the differences."""
    return [0.0] * len(values)
