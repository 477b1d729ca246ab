export function render({model}) {
  const words = h("p.words", {})
  const bar = h("progress.bar", {})
  const pace = h("span.muted", {})
  const button = h("button.button", {type: "button", onclick: () => model.send_msg({type: "cancel"})})
  const closing = h("p.muted.closing", {})
  const box = h("div.work", {role: "group", tabindex: -1}, words, bar, h("div.line", {}, pace, button), closing)

  const show = () => {
    box.setAttribute("aria-label", model.label)
    bar.setAttribute("aria-label", model.label)
    words.textContent = model.words
    pace.textContent = model.stopping ? "Stopping after the part at hand…" : model.pace
    closing.textContent = model.closing
    closing.hidden = !model.closing
    button.textContent = model.cancel
    button.disabled = model.stopping || !model.runs
    if (model.total) { bar.max = model.total; bar.value = model.done } else { bar.removeAttribute("value") }
  }
  // A page that is left says nothing any more; the browser asks in words of its own.
  const ask = (event) => { if (model.runs) { event.preventDefault() } }

  show()
  model.on(["label", "words", "pace", "closing", "done", "total", "cancel", "stopping", "runs"], together(show))
  window.addEventListener("beforeunload", ask)
  model.on("lifecycle:remove", () => window.removeEventListener("beforeunload", ask))
  // The button that began the work is gone, and the focus with it: from here Tab leads to Cancel.
  requestAnimationFrame(() => { if (model.runs) { box.focus({preventScroll: true}) } })
  return box
}
