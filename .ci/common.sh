# Shell functions of `.ci/run` and `.ci/full`, which source this file.

step() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }
works() { "$1" -c "import sys; sys.exit(sys.implementation.name != 'cpython' or sys.version_info[:2] != ($2, $3))" >/dev/null 2>&1; }

# A pyenv shim can stand on PATH and refuse to run, so interpreters are tried, never trusted.
find_python() { # major minor
  local candidate
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1.$2".*/bin/python "$(type -P "python$1.$2" || true)" "$(type -P python3 || true)"; do
    if [[ -x $candidate ]] && works "$candidate" "$1" "$2"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# Interpreters, system packages and tools; sets `host`, the Python of .venv, and `tox`.
prepare_machine() {
  local minor found missing=() as_root
  step "interpreters"
  for minor in 8 9 10 11 12 13; do
    if found=$(find_python 3 "$minor"); then
      printf '3.%s: %s\n' "$minor" "$found"
    else
      missing+=("3.$minor")
    fi
  done
  if ((${#missing[@]})); then
    echo "missing CPython: ${missing[*]}; the tests use every CPython from 3.8 to 3.13 as a target" >&2
    return 1
  fi

  step "ssh server, browser"
  # A target behind ssh is tested on loopback, and the HTML report in a browser. The package of the
  # server must start none of its own.
  if [[ ! -x /usr/sbin/sshd || ! -x /usr/bin/chromium ]]; then
    as_root=() && ((EUID == 0)) || as_root=(sudo -n)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends openssh-server openssh-client chromium
  fi

  # tox looks for these names on PATH; the README's python3 is the first of them. uv takes no Python
  # from inside an environment, so they have a folder of their own.
  mkdir -p .ci-pythons
  for minor in 10 12 13; do ln -sf "$(find_python 3 "$minor")" ".ci-pythons/python3.$minor"; done
  host=$(find_python 3 11)
  PATH="$(dirname "$host"):$PATH:$PWD/.ci-pythons"
  export PATH

  step "tools"
  "$host" -m venv .venv-ci
  .venv-ci/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/tools.txt uv
  .venv-ci/bin/uv pip install --quiet --python .venv-ci/bin/python -c constraints/tools.txt --group tox
  tox=(.venv-ci/bin/python -m tox run --quiet --skip-missing-interpreters false)
}

# The README's two set-up commands, in `commands`.
read_commands() {
  mapfile -t commands < <("$host" tasks/readme.py)
  if ((${#commands[@]} != 2)); then
    echo "the README promises two set-up commands and has ${#commands[@]}" >&2
    return 1
  fi
}
