#!/bin/sh
# Makes sure that the browser tests have a Chromium, and writes its path to .venv/chromium-path.
# In this order: $CHROMIUM, one on PATH, one that Playwright downloaded, Debian's package (as root), Playwright's download.
set -eu
cd "$(dirname "$0")/.."

found=.venv/chromium-path

say() { printf '%s\n' "chromium: $*" >&2; }
finish() { printf '%s\n' "$1" >"$found.new" && mv "$found.new" "$found"; exit 0; }

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

if [ -n "${CHROMIUM:-}" ]; then
    works "$CHROMIUM" || { say "CHROMIUM=$CHROMIUM renders nothing"; exit 1; }
    finish "$CHROMIUM"
fi
if [ -x "$(cat "$found" 2>/dev/null)" ]; then exit 0; fi       # found before, and still there

exec 9>.venv.lock
if command -v flock >/dev/null; then flock 9; fi

on_path
of_playwright
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "none found; installing the distribution's package (a minute)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null || true
    # Fonts too: without them a new machine draws boxes where text and emoji should be.
    apt-get install -yqq --no-install-recommends fonts-liberation fonts-noto-color-emoji >/dev/null || true
    apt-get install -yqq --no-install-recommends chromium >/dev/null || true
    on_path
fi
say "none found; letting Playwright download its own"
if [ "$(id -u)" = 0 ]; then deps=--with-deps; fi
.venv/bin/python -m playwright install ${deps:-} chromium >&2 || true
of_playwright
say "no Chromium could be found or installed. Install one (as root: apt-get install chromium), or name one: CHROMIUM=/path make test"
exit 1
