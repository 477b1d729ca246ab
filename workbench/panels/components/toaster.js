const SHOWN_MS = {ok: 6000, info: 7000, warn: 10000, error: 14000}
const SIGN = {ok: "check", info: "info", warn: "warn", error: "error"}

export function render({model}) {
  const list = h("div.toasts", {role: "region", "aria-label": "Messages"})
  // What was said before this view was drawn was said to an earlier one.
  let newest = model.toasts.length && Date.now() - performance.timeOrigin > 15000 ? model.toasts.at(-1).id : 0

  const show = () => {
    for (const {id, text, tone, undo} of model.toasts) {
      if (id <= newest) { continue }
      newest = id
      let timer = 0
      const close = () => { clearTimeout(timer); toast.remove() }
      const start = () => { timer = setTimeout(close, SHOWN_MS[tone] || 7000) }
      const toast = h("div.toast", {
        dataset: {tone},
        role: tone === "error" ? "alert" : "status",
        onmouseenter: () => clearTimeout(timer),
        onmouseleave: start,
      },
        icon(SIGN[tone] || "info", 20),
        h("span.words", {}, text),
        undo && h("button.undo", {type: "button", onclick: () => { model.send_msg({type: "undo", id}); close() }}, "Undo"),
        h("button.close", {type: "button", "aria-label": "Close", onclick: close}, icon("close", 18)))
      list.append(toast)
      while (list.childElementCount > 4) { list.firstElementChild.remove() }
      start()
    }
  }
  show()
  model.on("toasts", show)
  return list
}
