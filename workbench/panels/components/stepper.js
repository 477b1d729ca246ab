export function render({model}) {
  const list = h("ol.steps", {"aria-label": "Where the project stands"})
  const show = () => list.replaceChildren(...model.steps.map(({label, status}, index) =>
    h(`li.${status}`, {"aria-current": status === "current" ? "step" : null},
      h("span.mark", {}, status === "done" ? "✓" : index + 1),
      h("span.label", {}, label, status === "done" && h("span.visually-hidden", {}, ", done")))))
  show()
  model.on("steps", show)
  return list
}
