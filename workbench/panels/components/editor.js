const QUIET_MS = 500

export function render({model}) {
  let timer = 0
  const area = h("textarea", {
    "aria-label": model.label, spellcheck: "true", rows: model.rows, value: model.text,
    oninput: () => { clearTimeout(timer); timer = setTimeout(send, QUIET_MS); show_count(); note.textContent = "…" },
    onblur: () => send(),
    onkeydown: (event) => {
      if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        clearTimeout(timer)
        sent = area.value
        model.send_msg({type: "save", text: area.value})
      }
    },
  })
  let sent = model.text
  const note = h("span.note", {role: "status"}, model.note)
  const counter = h("span.counter", {})

  function send() {
    clearTimeout(timer)
    if (area.value === sent) { note.textContent = model.note; return }
    sent = area.value
    model.send_msg({type: "typed", text: sent})
  }
  function show_count() {
    const length = [...area.value].length
    counter.textContent = `${length.toLocaleString("en")} of ${model.limit.toLocaleString("en")} characters`
    counter.classList.toggle("tone-error", length > model.limit)
  }
  show_count()
  model.on("note", () => { note.textContent = model.note })
  model.on("limit", show_count)
  model.on("msg:custom", ({type, text}) => {
    if (type !== "load") { return }
    clearTimeout(timer)
    area.value = sent = text
    show_count()
  })
  // Closing the tab must not lose the last half second.
  const leaving = () => { if (document.visibilityState === "hidden") { send() } }
  document.addEventListener("visibilitychange", leaving)
  model.on("lifecycle:remove", () => { document.removeEventListener("visibilitychange", leaving); send() })
  return h("div.editor", {}, area, h("div.foot", {}, note, counter))
}
