export function render({model}) {
  const row = h("div.buttons", {})
  const show = () => {
    const focused = row.getRootNode().activeElement?.dataset.key
    row.replaceChildren(...model.buttons.map(({key, label, icon: sign, tone, filled}) => h("button.button", {
      type: "button", class: filled ? "filled" : "", dataset: {key, tone: tone || ""},
      onclick: () => model.send_msg({type: "press", key}),
    }, sign && icon(sign, 18), label)))
    if (focused) { row.querySelector(`[data-key="${focused}"]`)?.focus() }
  }
  show()
  model.on("buttons", show)
  return row
}
