export function render({model}) {
  const bar = h("div.bar", {
    role: "tablist", "aria-label": model.label,
    onkeydown: (event) => {
      const step = {ArrowLeft: -1, ArrowRight: 1}[event.key]
      if (!step) { return }
      event.preventDefault()
      const at = model.tabs.findIndex(({key}) => key === model.active)
      choose(model.tabs[(at + step + model.tabs.length) % model.tabs.length].key, true)
    },
  })
  const choose = (key, focus) => {
    // Shown at once: the parts behind follow when the server has answered.
    show(key)
    if (focus) { bar.querySelector("[aria-selected=true]").focus() }
    if (key !== model.active) { model.send_msg({type: "choose", key}) }
  }
  const show = (active) => {
    const focused = bar.contains(bar.getRootNode().activeElement)
    bar.replaceChildren(...model.tabs.map(({key, label}) => h("button.tab", {
      type: "button", role: "tab", "aria-selected": String(key === active), tabindex: key === active ? 0 : -1,
      onclick: () => choose(key, true),
    }, label)))
    if (focused) { bar.querySelector("[aria-selected=true]")?.focus() }
  }
  show(model.active)
  model.on(["tabs", "active"], () => show(model.active))
  return bar
}
