const WHOLE = {day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit"}

export function render({model}) {
  const edit = h("button.button.small", {type: "button", onclick: () => model.send_msg({type: "edit"})}, icon("edit", 18), "Edit")
  const compare = h("button.button.small", {type: "button", onclick: () => model.send_msg({type: "compare"})}, "Revisions…")
  const list = h("dl", {})
  const foot = h("span.muted", {})
  const show = () => {
    list.replaceChildren(...model.answers.flatMap(({label, text}) =>
      [h("dt", {}, label), h(text.trim() ? "dd" : "dd.missing", {}, text.trim() ? text : "Not said yet")]))
    const by = model.author ? ` by ${model.author}` : ""
    foot.replaceChildren()
    if (model.number) { add(foot, [`Revision ${model.number}${by}, `, time_el(model.at, model.zone, clock(model.at, model.zone, WHOLE))]) }
    edit.hidden = !model.may_edit
    compare.hidden = !model.may_compare
  }
  show()
  model.on(["answers", "number", "author", "at", "zone", "may_edit", "may_compare"], together(show))
  return h("section.card.sheet", {"aria-label": "Brief"},
    h("div.line", {}, h("h2", {}, "Brief"), edit), list, h("div.line", {}, foot, compare))
}
