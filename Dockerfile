# syntax=docker/dockerfile:1
# The whole lab in one container: web server, workers and side panels.
#   docker build -t model-health-lab .                     # trains on CPUs
#   docker build --build-arg GPU=1 -t model-health-lab:gpu .
# How to run it stands in compose.yaml.
FROM python:3.11-slim-bookworm AS builder

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

COPY requirements.lock ./
# The lock is complete, so nothing is resolved here; with hashes in it, they are insisted on.
RUN if grep -q -e --hash= requirements.lock; then set -- --require-hashes; fi \
    && pip install --no-deps "$@" -r requirements.lock \
    && pip check

# The CUDA libraries beside the very TensorFlow of the lock. The host brings the driver (NVIDIA Container Toolkit).
ARG GPU=0
RUN if [ "$GPU" = 1 ]; then pip install --constraint requirements.lock "tensorflow[and-cuda]"; fi

# After the packages, so that a change of the program rebuilds only this: its version, and where it lies.
COPY pyproject.toml requirements.txt README.md ./
COPY core core
COPY app app
RUN pip install --no-deps --editable .


FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="Model Health Lab" \
      org.opencontainers.image.description="Which network to train, and can its accuracy be trusted?" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm"

# tini passes signals on and reaps what a killed worker leaves; the number of the user is fixed for the volumes' rights.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 lab \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin lab \
    && mkdir -p /data /results \
    && chown lab:lab /data /results

# Streamlit reads .streamlit/config.toml of the working folder: it is the root of the repository.
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY .streamlit/config.toml .streamlit/config.toml
COPY core core
COPY app app
COPY pages pages

# Runs, studies, database and log share a volume. Nothing here opens the lab to everybody: who may enter is up to
# MHL_PASSWORD_HASH and its like, given to the container when it starts.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MHL_DATA_DIR=/data \
    MHL_RESULTS_DIR=/results/runs \
    MHL_STUDIES_DIR=/results/comparison_studies \
    MHL_LOG_FILE=/results/logs/lab.log

USER 10001:10001
VOLUME ["/data", "/results"]
EXPOSE 8501
STOPSIGNAL SIGTERM

# The body counts: Streamlit answers unknown paths with its page and status 200.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import json, os, urllib.request; base = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); port = os.environ.get('STREAMLIT_SERVER_PORT', '8501'); address = '/'.join(filter(None, [f'http://127.0.0.1:{port}', base, 'healthz'])); assert json.load(urllib.request.urlopen(address, timeout=4))['status'] == 'ok'"]

ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "streamlit", "run", "app/server.py", "--server.address", "0.0.0.0"]
