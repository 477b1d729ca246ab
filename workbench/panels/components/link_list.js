export function render({model}) {
  const list = h("ul.links", {})
  const show = () => list.replaceChildren(...model.links.map(({text, detail, page, project}) => h("li", {},
    h("button.link", {type: "button", onclick: () => model.send_msg({type: "follow", page, project})},
      h("span.text", {}, text), h("span.muted", {}, detail), icon("right", 20)))))
  show()
  model.on("links", show)
  return list
}
