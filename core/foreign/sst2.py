"""SST-2: sentences from film reviews, positive or negative, as IMDB's whole reviews are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from core.datasets.arrays import Arrays
from core.datasets.entry import DatasetEntry, RemoteFile
from core.errors import InvalidInputError
from core.foreign import FOREIGN, ForeignEntry, ForeignUse
from core.foreign.wording import in_own_words

_BASE = (
    "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification"
    "/457ffd83de90a9d6d472d8ffc31bbffe40a8b236/data/SST2"
)
_HEADER = "sentence\tlabel"  # the mirror's copies have one, the published files do not
_CUT_ENDING = re.compile(r" (n't|'(?:s|re|ve|ll|d|m))(?= |$)")
_BRACKET = re.compile(r"\b[lr]rb\b")
_PARTS = {
    "train": "4bdc38ba1cf151a802f72b0ba750d22404ad7103b6597b8c39b875a9f28f0b9c",
    "dev": "5a6e516ec8c2ece1c86fe5c2877de566d35cd4b364395382a790c222cfd49915",
    "test": "c204bc7652500e47fab2711fbebdf87f7491ec6aad8a2b806346f7d53f4634e0",
}


def _read(files: Mapping[str, Path]) -> Arrays:
    texts, labels, seen = [], [], set()
    for name in _PARTS:
        for line in files[f"sst2/{name}.tsv"].read_text(encoding="utf-8").splitlines():
            if line == _HEADER:
                continue
            text, _tab, label = line.rpartition("\t")
            if label not in ("0", "1"):
                raise InvalidInputError(f"{name}.tsv has the label {label!r:.20} where 0 or 1 must stand")
            if text not in seen:  # three sentences stand in two parts
                seen.add(text)
                texts.append(_as_written(text))
                labels.append(int(label))
    return in_own_words(texts, labels)


def _as_written(text: str) -> str:
    """Undo how the treebank cut words ("does n't") and wrote brackets: IMDB has "doesn't", and few know "n't"."""
    return _BRACKET.sub(" ", _CUT_ENDING.sub(r"\1", text))


FOREIGN.register(
    "sst2",
    ForeignEntry(
        name="sst2",
        data=DatasetEntry(
            name="foreign-sst2",
            label="SST-2",
            kind="text",
            shape=(),
            class_names=("negative", "positive"),
            default_batch_size=64,
            scale=1.0,
            description="9,600 sentences of film reviews of the Stanford Sentiment Treebank, all parts together: none "
            "of them was trained on.",
            licence="none stated; its authors ask to be cited (Socher et al., 2013)",
            source="https://nlp.stanford.edu/sentiment/",
            files=tuple(
                RemoteFile(name=f"sst2/{name}.tsv", url=f"{_BASE}/{name}.tsv", known_hash=known_hash)
                for name, known_hash in _PARTS.items()
            ),
            read=_read,
            vocabulary=16_748,
            default_sequence_length=40,
        ),
        uses={
            "imdb": ForeignUse(
                correspondence="same",
                class_map=(0, 1),
                preprocessing="Words are looked up in IMDB's word index; those that it does not have count as out of "
                "vocabulary.",
            )
        },
        caveat="Single sentences of some 17 words, where IMDB's reviews have 176: a loss of accuracy says as much "
        "about length as about the source.",
    ),
)
