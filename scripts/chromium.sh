#!/bin/sh
# Makes sure that the browser tests have a Chromium, and writes its path to .venv/chromium-path.
# In this order: $CHROMIUM, one on PATH, one that Playwright downloaded, the distribution's package (as root),
# Playwright's own download.
set -eu
cd "$(dirname "$0")/.."

found=.venv/chromium-path

say() { printf '%s\n' "chromium: $*" >&2; }
finish() { printf '%s\n' "$1" >"$found.new" && mv "$found.new" "$found"; exit 0; }

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
# A failure is not the end: whether it worked is what the caller looks at next.
install() {
    if [ -z "${updated:-}" ]; then apt-get update -qq >/dev/null || true; updated=yes; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends "$@" >/dev/null || true
}

# Rendering a page is the only test that counts: on Ubuntu `chromium-browser` may be a stub that asks for snap.
works() {
    [ -n "$1" ] && timeout 60 "$1" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --dump-dom 'data:text/html,<p>it works</p>' 2>/dev/null | grep -q 'it works'
}
on_path() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        path=$(command -v "$name" || true)
        if works "$path"; then finish "$path"; fi
    done
}
of_playwright() {
    path=$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as start
with start() as playwright: print(playwright.chromium.executable_path)' 2>/dev/null || true)
    if [ -x "$path" ] && works "$path"; then finish "$path"; fi
}

# Found before, and still there.
kept=$(cat "$found" 2>/dev/null || true)
if [ -x "$kept" ] && [ "${CHROMIUM:-$kept}" = "$kept" ]; then exit 0; fi

exec 9>.venv.lock
if command -v flock >/dev/null; then flock 9; fi

# The driver of Playwright is a Node that needs a library which a minimal Debian lacks.
driver() { .venv/bin/python -m playwright --version >/dev/null 2>&1; }
if ! driver; then
    if can_install; then install libatomic1; fi
    driver || { say "Playwright does not start; it needs libatomic (as root: apt-get install libatomic1):"
                .venv/bin/python -m playwright --version >&2 || true; exit 1; }
fi

if [ -n "${CHROMIUM:-}" ]; then
    works "$CHROMIUM" || { say "CHROMIUM=$CHROMIUM renders nothing"; exit 1; }
    finish "$CHROMIUM"
fi
on_path
of_playwright
if can_install; then
    say "none found; installing the distribution's package (a minute)"
    # Fonts too: without them a new machine draws boxes where text and emoji should be.
    install fonts-liberation fonts-noto-color-emoji
    install chromium
    on_path
fi
say "none found; letting Playwright download its own"
if [ "$(id -u)" = 0 ]; then deps=--with-deps; fi
.venv/bin/python -m playwright install ${deps:-} chromium >&2 || true
of_playwright
say "no Chromium could be found or installed."
say "Install one (as root: apt-get install chromium), or name one: CHROMIUM=/path make test"
exit 1
