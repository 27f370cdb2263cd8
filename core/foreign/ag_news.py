"""AG News: press articles in four broad topics that are not those of Reuters."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from core.datasets.arrays import Arrays
from core.datasets.entry import DatasetEntry, RemoteFile
from core.foreign import FOREIGN, ForeignEntry, ForeignUse
from core.foreign.wording import in_own_words

_MIRROR = "ag_news/test.parquet"
_CSV = RemoteFile(
    name="ag_news/test.csv",
    url="https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/555590db4219b1243abb1918effd6a7425a2d75f/data"
    "/ag_news_csv/test.csv",
    known_hash="521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699",
)


def _read(files: Mapping[str, Path]) -> Arrays:
    if _MIRROR in files:
        import pandas as pd  # not before it is needed: it takes 0.3 s

        table = pd.read_parquet(files[_MIRROR], columns=["label", "title", "text"]).to_dict("list")
        labels = table["label"]
        texts = [f"{title} {text}" for title, text in zip(table["title"], table["text"], strict=True)]
    else:
        with files[_CSV.name].open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        labels, texts = [int(row[0]) - 1 for row in rows], [" ".join(row[1:]) for row in rows]
    return in_own_words([text.replace("\\", " ") for text in texts], labels)  # a backslash stands for a new line


FOREIGN.register(
    "ag_news",
    ForeignEntry(
        name="ag_news",
        data=DatasetEntry(
            name="foreign-ag_news",
            label="AG News",
            kind="text",
            shape=(),
            class_names=("World", "Sports", "Business", "Sci/Tech"),
            default_batch_size=64,
            scale=1.0,
            description="The test part of AG News: 7,600 titles and abstracts of press articles, 1,900 per topic.",
            licence="non-commercial use only",
            source="http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html",
            files=(_CSV,),
            mirror_files=(_MIRROR,),
            read=_read,
            vocabulary=22_686,
            default_sequence_length=60,
        ),
        uses={
            "reuters": ForeignUse(
                correspondence="none",
                class_map=(None,) * 4,
                preprocessing="Words are looked up in Reuters' word index; those that it does not have count as out of "
                "vocabulary.",
            )
        },
        caveat="Its topics are not those of Reuters: only a probe on the features is meaningful.",
    ),
)
