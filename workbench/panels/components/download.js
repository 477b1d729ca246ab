export function render({model}) {
  let parts = []
  const button = h("button.button", {type: "button", onclick: () => {
    button.disabled = true
    parts = ["\ufeff"] // a byte order mark, which spreadsheets need to see
    model.send_msg({type: "ask"})
  }})
  const show = () => { button.textContent = model.label }

  show()
  model.on("label", show)
  model.on("msg:custom", ({text, more}) => {
    if (text !== null) { parts.push(new Blob([text])) }
    if (more) {
      model.send_msg({type: "more"})
      return
    }
    button.disabled = false
    if (text !== null) { save_file(model.filename, parts, "text/csv;charset=utf-8") }
    parts = []
  })
  return button
}
