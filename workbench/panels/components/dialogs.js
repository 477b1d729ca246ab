// Dialogs of panel-material-ui stand in nested shadow roots. The library looks for the focus in the document alone, so it
// neither keeps it inside nor gives it back; and it closes by Escape only what a click outside closes as well. This does
// it, once for all dialogs of a window. It hears keys only while one of ours is open.

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]"
const TYPED = "textarea, input:not([type=checkbox]):not([type=radio]):not([type=range]):not([type=file]):not([type=button])"
const UNSAVED = "What you typed here is not saved. Escape again throws it away."

/** The element that has the focus, through all shadow roots. */
function deep_active() {
  let el = document.activeElement
  while (el?.shadowRoot?.activeElement) { el = el.shadowRoot.activeElement }
  return el
}

/** Whether ``el`` stands below ``root``, through all shadow roots. */
function holds(root, el) {
  while (el && el !== root) { el = el.parentNode ?? el.host }
  return Boolean(el)
}

/** What the Tab key would stop at inside ``node``, in order. */
function stops(node, found = []) {
  for (const el of node.children) {
    const open = el.type !== "radio" || el.checked
    if (el.matches(FOCUSABLE) && el.tabIndex >= 0 && !el.disabled && open && el.checkVisibility()) { found.push(el) }
    stops(el.shadowRoot ?? el, found)
  }
  return found
}

/** The newest dialog below ``node``, through all shadow roots. */
function find_dialog(node) {
  const here = [...node.querySelectorAll(".MuiDialog-root")]
  for (const el of node.querySelectorAll("*")) { if (el.shadowRoot) { here.push(find_dialog(el.shadowRoot)) } }
  return here.filter(Boolean).at(-1)
}

/** ``ask(text)`` tells a person something. Call ``opened()`` of what this returns whenever a dialog was opened. */
function mind_dialogs(ask) {
  const known = Symbol.for("workbench.dialogs")
  if (window[known]) { return Object.assign(window[known], {ask}) }
  const told = window[known] = {
    ask, opened: () => look(Date.now() + 10000), typed: () => Boolean(top()) && open.some(({typed}) => typed),
  }
  let opener = null   // what was clicked, or had the focus at a key, outside of dialogs
  let open = []       // {root, opener, typed, asked}, the topmost last

  const top = () => (open = open.filter(({root}) => root.isConnected)).at(-1)
  const box = ({root}) => root.querySelector("[role=dialog]")

  function note(event) {
    const path = event.composedPath()
    if (path.some((el) => el.tagName === "DIALOG" || el.classList?.contains("MuiModal-root"))) { return }
    const el = path.find((one) => one.matches?.(FOCUSABLE))
    if (el) { opener = {el, root: el.getRootNode(), words: el.ariaLabel ?? el.textContent, id: el.closest("[data-id]")?.dataset.id} }
  }

  function give_back(from) {
    const at = document.activeElement
    if (!from || (at && at !== document.body)) { return }
    // A list that was drawn anew meanwhile has the same thing in another element.
    const twin = () => [...from.root.querySelectorAll(from.el.tagName)].find((el) =>
      (el.ariaLabel ?? el.textContent) === from.words && el.closest("[data-id]")?.dataset.id === from.id)
    for (const el of [from.el, twin()]) {
      if (el?.isConnected && el.checkVisibility()) { el.focus() }
      if (document.activeElement !== document.body) { return }
    }
    window.dispatchEvent(new CustomEvent("workbench:skip"))
  }

  function meet(root) {
    const one = {root, opener: top()?.opener ?? opener, typed: false, asked: false}
    open.push(one)
    const gone = new MutationObserver(() => {
      if (root.isConnected) { return }
      gone.disconnect()
      give_back(one.opener)
    })
    for (let node = root.getRootNode(); node; node = node.host?.getRootNode()) {
      gone.observe(node, {childList: true, subtree: true})
    }
    begin(one, 30)
  }

  /** A form is ready to be typed into: its first field gets the focus as soon as it is drawn. */
  function begin(one, times) {
    const at = deep_active()
    if (!one.root.isConnected || (at !== box(one) && at !== document.body && holds(one.root, at))) { return }
    const first = stops(box(one)).filter((el) => el.ariaLabel !== "close")[0]
    if (first?.matches(TYPED)) { first.focus() } else if (times > 0) { setTimeout(begin, 30, one, times - 1) }
  }

  /** The browser draws a dialog some time after it hears of it, its parts after itself. */
  function look(until) {
    const root = find_dialog(document)
    const there = root && !open.some((one) => one.root === root) && stops(root).length > 1
    if (there) { meet(root) } else if (Date.now() < until) { setTimeout(look, 30, until) }
  }

  document.addEventListener("click", note, true)
  document.addEventListener("keydown", note, true)
  document.addEventListener("input", (event) => {
    const one = top()
    if (one && event.composedPath().includes(one.root) && event.composedPath()[0].matches(TYPED)) {
      Object.assign(one, {typed: true, asked: false})
    }
  }, true)

  document.addEventListener("keydown", (event) => {
    const one = top()
    const inside = one && event.composedPath().includes(one.root)
    // A menu of the dialog, or the search above it, has keys of its own.
    if (!one || !(inside || document.activeElement === document.body)) { return }
    if (event.key === "Tab") {
      const all = stops(box(one))
      const at = all.indexOf(deep_active())
      const next = event.shiftKey ? (at <= 0 ? all.at(-1) : null) : (at === all.length - 1 || !inside ? all[0] : null)
      if (next) {
        event.preventDefault()
        next.focus()
      }
    } else if (event.key === "Escape" && !event.isComposing && deep_active().ariaExpanded !== "true") {
      event.preventDefault()
      event.stopImmediatePropagation()
      if (one.typed && !one.asked) {
        one.asked = true
        told.ask(UNSAVED)
      } else {
        one.root.querySelector("button[aria-label=close]")?.click()
      }
    }
  }, true)

  // Whoever clicks a button twice, or holds Enter, wants it once. Only buttons of ours: they stand in shadow roots.
  const on_button = (event) => event.composedPath().some((el) => el.matches?.(".MuiButton-root") && el.getRootNode() !== document)
  const once = (event) => {
    if ((event.detail > 1 || (event.repeat && event.key === "Enter")) && on_button(event)) {
      event.preventDefault()
      event.stopImmediatePropagation()
    }
  }
  document.addEventListener("click", once, true)
  document.addEventListener("keydown", once, true)

  window.addEventListener("beforeunload", (event) => {
    if (told.typed()) { event.preventDefault() }
  })
  return told
}
