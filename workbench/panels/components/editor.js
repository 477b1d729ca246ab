const QUIET_MS = 300
const STORE = "workbench-unsent:"
/** A younger copy may be that of a window that is being typed in at this moment. */
const SETTLED_MS = 3000

export function render({model}) {
  const slot = `:${Date.now()}-${Math.random().toString(36).slice(2)}`
  let timer = 0
  let again = 0
  let serial = 0
  let sheet = model.sheet
  let sent = model.text
  const area = h("textarea", {
    "aria-label": model.label, spellcheck: "true", dir: "auto", value: model.text,
    oninput: () => {
      serial += 1
      clearTimeout(timer)
      timer = setTimeout(send, QUIET_MS)
      keep()
      show_count()
      note.textContent = "…"
    },
    onblur: () => send(),
    onscroll: () => follow(),
    onkeydown: (event) => {
      if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        clearTimeout(timer)
        sent = area.value
        model.send_msg({type: "save", sheet, text: sent, serial})
      }
    },
  })
  const note = h("span.note", {role: "status"}, model.note)
  const counter = h("span.counter", {})

  function send() {
    clearTimeout(timer)
    if (area.value === sent) { note.textContent = model.note; return }
    sent = area.value
    model.send_msg({type: "typed", sheet, text: sent, serial})
  }
  function show_count() {
    const length = [...area.value].length
    counter.textContent = `${length.toLocaleString("en")} of ${model.limit.toLocaleString("en")} characters`
    counter.classList.toggle("tone-error", length > model.limit)
  }
  /** The preview beside it shows the place that is being written. */
  function follow() {
    const preview = area.getRootNode().host?.nextElementSibling
    const room = area.scrollHeight - area.clientHeight
    if (preview && room > 0) { preview.scrollTop = area.scrollTop / room * (preview.scrollHeight - preview.clientHeight) }
  }

  // The browser's own copy. Storage may be full or forbidden: then there is none.
  function keep() {
    try {
      localStorage.setItem(STORE + sheet + slot, JSON.stringify({text: area.value, base: model.base, at: Date.now()}))
    } catch { /* nothing to do about it */ }
  }
  function copies(of) {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(STORE + of + ":"))
    } catch { return [] }
  }
  function look() {
    clearTimeout(again)
    if (!sheet) { return }
    for (const key of copies(sheet)) {
      let copy = null
      try { copy = JSON.parse(localStorage.getItem(key)) } catch { /* not ours */ }
      if (!copy || typeof copy.text !== "string" || copy.text === area.value) {
        if (!key.endsWith(slot)) { localStorage.removeItem(key) }
      } else if (key.endsWith(slot)) {
        continue
      } else if (Date.now() - copy.at <= SETTLED_MS) {
        again = setTimeout(look, SETTLED_MS)
      } else {
        model.send_msg({type: "found", sheet, text: copy.text, base: Number(copy.base) || 0, at: Number(copy.at) || 0})
        return
      }
    }
  }

  show_count()
  model.on("note", () => { note.textContent = model.note })
  model.on("limit", show_count)
  model.on("msg:custom", (msg) => {
    if (msg.type === "kept" && msg.serial === serial) {
      try { localStorage.removeItem(STORE + sheet + slot) } catch { /* it was never there */ }
    } else if (msg.type === "forget") {
      copies(msg.sheet).forEach((key) => localStorage.removeItem(key))
    } else if (msg.type === "load") {
      if (sheet && sheet !== msg.sheet) { send() }
      clearTimeout(timer)
      area.value = sent = msg.text
      sheet = msg.sheet
      show_count()
      look()
    }
  })
  // Closing the tab must not lose the last moment.
  const leaving = () => { if (document.visibilityState === "hidden") { send() } }
  document.addEventListener("visibilitychange", leaving)
  model.on("lifecycle:remove", () => {
    document.removeEventListener("visibilitychange", leaving)
    clearTimeout(again)
    send()
  })
  model.on("after_render", () => {
    const preview = area.getRootNode().host?.nextElementSibling
    if (preview) {  // it scrolls, so the keyboard must get there
      preview.tabIndex = 0
      preview.setAttribute("role", "region")
      preview.setAttribute("aria-label", "Preview")
    }
    look()
  })
  return h("div.editor", {}, area, h("div.foot", {}, note, counter))
}
