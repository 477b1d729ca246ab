export function render({model}) {
  const button = h("button.button", {type: "button", onclick: () => {
    button.disabled = true
    model.send_msg({type: "ask"})
  }})
  const show = () => { button.textContent = model.label }

  show()
  model.on("label", show)
  model.on("msg:custom", ({text}) => {
    button.disabled = false
    if (text === null) { return }
    // With a byte order mark, which spreadsheets need to see.
    save_file(model.filename, `\ufeff${text}`, "text/csv;charset=utf-8")
  })
  return button
}
