#!/bin/sh
# sh @COMMAND@.sh [folder]   No internet, no root. PYTHON=/path/to/python chooses the Python.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
suits() {
  "$1" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@PYTHON@")' 2>/dev/null
}
for python in "${PYTHON:-}" python@PYTHON@ python3 python; do
  if [ -n "$python" ] && suits "$python"; then
    exec "$python" -X utf8 "$here/offline.py" @COMMAND@ "$@"
  fi
done
cat "$here/python-needed.txt" >&2
exit 1
