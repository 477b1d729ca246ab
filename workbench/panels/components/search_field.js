const REST_MS = 250

export function render({model}) {
  // Goes on where it was when this is drawn again: an answer is known by a number that only grows.
  let number = Date.now()
  let told = model.value
  let timer = 0

  const tell = () => {
    clearTimeout(timer)
    clear.hidden = !field.value
    if (field.value === told) { return }
    told = field.value
    number += 1
    model.send_msg({type: "type", number, text: told})
  }
  const field = h("input.field", {
    type: "text", "aria-label": model.label, placeholder: model.placeholder, value: model.value, maxlength: 200,
    autocomplete: "off", spellcheck: "false", enterkeyhint: "search",
    oninput: () => { clear.hidden = !field.value; clearTimeout(timer); timer = setTimeout(tell, REST_MS) },
    onchange: tell,
    onkeydown: (event) => { if (event.key === "Enter" && !event.isComposing) { tell() } },
  })
  const clear = h("button.clear", {
    type: "button", "aria-label": "Clear the search", hidden: !model.value,
    onclick: () => { field.value = ""; tell(); field.focus() },
  }, icon("close", 16))

  // Somebody went to another view: what it looks for is shown, whatever is typed here.
  model.on("msg:custom", ({text}) => {
    clearTimeout(timer)
    field.value = told = text
    clear.hidden = !text
  })
  model.on("lifecycle:remove", () => clearTimeout(timer))
  return h("div.search", {}, icon("search", 18), field, clear)
}
