export function render({model}) {
  const heading = h("h2", {})
  const summary = h("p.muted", {})
  const picture = h("div.picture", {})
  const table = h("div.scroll", {tabindex: 0, role: "region"})
  const note = h("span.muted", {role: "status"})
  const details = h("details", {}, h("summary", {}, "As a table"), table, h("div.ways", {},
    h("button.button.small", {type: "button", onclick: copy}, "Copy"),
    h("button.button.small", {type: "button", onclick: save}, "Download CSV"), note))
  const box = h("figure.box.card", {}, h("figcaption", {}, heading, summary), picture, details)

  async function copy() {
    try {
      // Tabs: what a spreadsheet takes in cells when it is pasted.
      await navigator.clipboard.writeText([model.columns, ...model.rows].map(row => row.join("\t")).join("\n"))
      note.textContent = "Copied."
    } catch {
      note.textContent = "The browser does not allow copying here. Download it instead."
    }
  }

  function save() { save_file(`${model.name_of_file}.csv`, model.csv, "text/csv;charset=utf-8") }

  function show() {
    heading.textContent = model.heading
    summary.textContent = model.empty || model.summary
    picture.hidden = details.hidden = Boolean(model.empty)
    box.setAttribute("aria-label", model.heading)
    table.setAttribute("aria-label", `${model.heading}, as a table`)
    table.replaceChildren(h("table", {},
      h("thead", {}, h("tr", {}, model.columns.map(name => h("th", {scope: "col"}, name)))),
      h("tbody", {}, model.rows.map(([first, ...others]) => h("tr", {}, h("th", {scope: "row"}, first), others.map(value => h("td", {}, value || "–")))))))
  }

  const draw = () => picture.replaceChildren(...[model.get_child("picture")].flat().filter(Boolean))
  draw()
  show()
  model.on("picture", draw)
  model.on(["heading", "summary", "columns", "rows", "empty"], show)
  return box
}
