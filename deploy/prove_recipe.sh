#!/usr/bin/env bash
# Prove the Dockerfile on a machine without a container engine: follow it into a chroot of Debian bookworm, run what
# comes out as compose.yaml would (fixed user, read-only root, no capabilities, process 1), train, stop, resume.
#   deploy/prove_recipe.sh [FOLDER]        as root, about 10 minutes and 6 GB; GPU=1 takes the CUDA libraries in
# Needs debootstrap, the repository's .venv (`make dev`), and the package indexes of Debian and Python. Not part of CI.
# What stays unproven: the layers of python:3.11-slim itself (here: Debian's Python 3.11) and the engine.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-/tmp/mhl-recipe}
[ "$(id -u)" = 0 ] || { echo "run this as root: chroot and mount need it" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "install debootstrap first" >&2; exit 2; }

base=$work/base
if [ ! -e "$base/usr/local/bin/python" ]; then
  rm -rf "$base"
  mkdir -p "$work"
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$base" >"$work/debootstrap.log"
  ln -s /usr/bin/python3.11 "$base/usr/local/bin/python"
fi
cp /etc/resolv.conf /etc/hosts "$base/etc/"
cp --dereference /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/ca-certificates.crt"
rm -rf "$work/builder" "$work/final" "$work/volumes"
PYTHONPATH=. exec .venv/bin/python -m deploy.prove_recipe "$work"
