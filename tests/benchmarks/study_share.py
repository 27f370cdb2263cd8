"""A study of 10 x 10 x 6 on digits: how long it takes, how much of that is training, what the pairing saves."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from core.config import Settings
from core.executors.sharing import SHARED
from core.store import Store
from core.study import StudyRunner, create_study
from core.study_config import STUDY_MODES, StudyConfig
from core.study_store import StudyStore

WORKERS = 2


def measure(runs: int, trials: int, epochs: int) -> dict[str, float]:
    """Run a study without its comparison and add up its trials."""
    config = StudyConfig(runs=runs, trials=trials, epochs=epochs, concurrent_workers=WORKERS, study_name="bench")
    with TemporaryDirectory(prefix="mhl-bench-") as folder:
        environ = {"MHL_DATA_DIR": f"{folder}/data", "MHL_RESULTS_DIR": f"{folder}/results"}
        settings = Settings.from_environment(environ)
        store = Store(settings)
        studies = StudyStore(store.engine)
        create_study(config, studies)
        began, before = time.perf_counter(), _cpu()
        StudyRunner("bench", settings, store, studies).work()
        wall, used = time.perf_counter() - began, _cpu() - before
        ended = [t for m in STUDY_MODES for p in range(runs) for t in store.trials(config.run_name(m, p))]
        assert Path(settings.studies_dir / "bench" / "health_aware" / "trial_0" / "model.keras").is_file()
    trained = [trial for trial in ended if SHARED not in (trial.device or "")]
    seconds = sum(trial.seconds or 0.0 for trial in trained)
    return {
        "wall": wall,
        "trained": len(trained),
        "taken_over": len(ended) - len(trained),
        "training_seconds": seconds,
        "share_of_wall": seconds / (WORKERS * wall),
        "workers_cpu_share": used / (WORKERS * wall),
    }


def _cpu() -> float:
    """Seconds of processor time of processes that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
