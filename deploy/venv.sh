#!/usr/bin/env bash
# Make the virtual environment $1, or say in one sentence what is missing.
set -euo pipefail
target=$1

if "$target/bin/python" -m pip --version >/dev/null 2>&1; then
  exit 0
fi
for python in ${PYTHON3:-python3 python3.13 python3.12 python3.11}; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
      echo "$python cannot make a virtual environment: install its venv module, on Debian \`apt install python3-venv\`." >&2
      exit 1
    fi
    exec "$python" -m venv --clear "$target"
  fi
done
echo "Python 3.11 or newer is needed and was not found: install it, on Debian 12 \`apt install python3 python3-venv\`," \
  "or name it, \`make setup PYTHON3=/path/to/python3\`." >&2
exit 1
