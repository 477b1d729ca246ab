const SHOWN_MS = {ok: 6000, info: 7000, warn: 10000, error: 14000}
const UNDO_MS = 12000
const SIGN = {ok: "check", info: "info", warn: "warn", error: "error"}

export function render({model}) {
  // In the browser's top layer, so that a message is above the dialog it is about.
  const list = h("div.toasts", {role: "region", "aria-label": "Messages", popover: "manual"})
  // What was said before this view was drawn was said to an earlier one.
  let newest = model.toasts.length && Date.now() - performance.timeOrigin > 15000 ? model.toasts.at(-1).id : 0

  function raise() {
    const focused = list.contains(deep_active()) ? deep_active() : null
    if (list.matches(":popover-open")) { list.hidePopover() }
    if (list.childElementCount && list.isConnected) { list.showPopover() }
    focused?.focus()
  }

  function add_toast({id, text, tone, undo}) {
    let timer = 0
    const close = () => {
      clearTimeout(timer)
      toast.remove()
      if (!list.childElementCount) { raise() }
    }
    const wait = () => clearTimeout(timer)
    const start = () => {
      wait()
      timer = setTimeout(close, Math.max(SHOWN_MS[tone] || 7000, undo ? UNDO_MS : 0))
    }
    const take_back = () => {
      model.send_msg({type: "undo", id})
      close()
    }
    const toast = h("div.toast", {
      dataset: {tone}, role: tone === "error" ? "alert" : "status",
      onmouseenter: wait, onmouseleave: start, onfocusin: wait, onfocusout: start,
    },
      icon(SIGN[tone] || "info", 20),
      h("span.words", {}, text),
      undo && h("button.undo", {type: "button", title: model.keys ? "Ctrl+Z" : null, onclick: take_back}, "Undo"),
      h("button.close", {type: "button", "aria-label": "Close", onclick: close}, icon("close", 18)))
    list.append(toast)
    while (list.childElementCount > 4) { list.firstElementChild.remove() }
    raise()
    // The time counts from when it can be seen: a window behind others paints nothing.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (!list.matches(":popover-open")) { raise() }
      if (!toast.matches(":hover, :focus-within")) { start() }
    }))
  }

  const show = () => {
    for (const toast of model.toasts) {
      if (toast.id <= newest) { continue }
      newest = toast.id
      add_toast(toast)
    }
  }
  const on_key = (event) => {
    const typing = event.composedPath()[0].matches?.("input, textarea, select, [contenteditable]")
    if (!model.keys || typing || event.shiftKey || event.key !== "z" || !(event.ctrlKey || event.metaKey)) { return }
    const undo = [...list.querySelectorAll(".undo")].at(-1)
    if (undo) {
      event.preventDefault()
      undo.click()
    }
  }
  window.addEventListener("keydown", on_key)
  model.on("lifecycle:remove", () => window.removeEventListener("keydown", on_key))
  model.on("toasts", show)
  const dialogs = mind_dialogs((text) => add_toast({id: 0, text, tone: "warn", undo: false}))
  model.on("dialogs", () => dialogs.opened())
  show()
  return list
}
