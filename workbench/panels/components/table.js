// Longer texts are shown with their first characters, and the rest when that is asked for.
const FOLDED_FROM = 300
const FOLDED_TO = 200

export function render({model}) {
  const box = h("div.scroll", {tabindex: 0, role: "region", "aria-label": model.label})
  const foot = h("div.foot", {})

  function chip(value) {
    return h("span.chip", {dataset: {tone: value.tone || ""}, title: value.title || null}, value.text)
  }

  function cell(row, column) {
    const value = row[column.key]
    if (column.kind === "chip") {
      return [value].flat().filter(Boolean).map(chip)
    }
    if (value === null || value === undefined || value === "") { return h("span.muted", {}, "–") }
    if (column.kind === "time") {
      const zone = row[column.zone] || model.zone
      return time_el(value, zone, clock(value, zone))
    }
    if (column.kind === "number") { return Number(value).toLocaleString("en") }
    if (column.kind === "long" && value.length > FOLDED_FROM) {
      return h("details.long", {}, h("summary", {},
        h("span.begin", {}, `${value.slice(0, FOLDED_TO)}… Show all`), h("span.end", {}, "Show less")), value)
    }
    if (column.kind === "open") {
      return h("button.link", {type: "button", onclick: () => model.send_msg({type: "open", id: row.id})}, value)
    }
    return String(value)
  }

  function choose(ids, on) {
    const chosen = new Set(model.selected)
    for (const id of ids) { on ? chosen.add(id) : chosen.delete(id) }
    model.send_msg({type: "choose", ids: [...chosen]})
  }

  function head() {
    const cells = []
    if (model.selectable) {
      const all = model.rows.length > 0 && model.rows.every(row => model.selected.includes(row.id))
      cells.push(h("th.tick", {scope: "col"}, h("input", {
        type: "checkbox", checked: all, "aria-label": "Select all on this page",
        onchange: event => choose(model.rows.map(row => row.id), event.target.checked),
      })))
    }
    for (const column of model.columns) {
      const active = column.sort && column.sort === model.sorted_by
      const order = active ? (model.descending ? "descending" : "ascending") : null
      const words = column.sort
        ? h("button.sorter", {type: "button", onclick: () => model.send_msg({type: "sort", by: column.sort})},
          column.label, active && h("span", {"aria-hidden": "true"}, model.descending ? " ↓" : " ↑"))
        : column.label
      cells.push(h("th", {scope: "col", class: column.kind === "number" ? "number" : "", "aria-sort": order}, words))
    }
    if (model.actions.length) { cells.push(h("th", {scope: "col"}, h("span.visually-hidden", {}, "Actions"))) }
    return h("thead", {}, h("tr", {}, cells))
  }

  function line(row) {
    const cells = []
    if (model.selectable) {
      cells.push(h("td.tick", {}, h("input", {
        type: "checkbox", checked: model.selected.includes(row.id), "aria-label": `Select row ${row.id}`,
        onchange: event => choose([row.id], event.target.checked),
      })))
    }
    for (const column of model.columns) {
      const second = column.sub ? row[column.sub] : null
      const look = ["number", "time"].includes(column.kind) ? column.kind : ""
      const nothing = !second && [null, undefined, ""].includes(row[column.key])
      cells.push(h("td", {class: `${look} ${nothing ? "nothing" : ""}`, dataset: {label: column.label}},
        h("div.first", {}, cell(row, column)), second && h("div.second", {}, String(second))))
    }
    if (model.actions.length) {
      const offered = model.actions.filter(action => !row.actions || row.actions.includes(action.key))
      cells.push(h("td.actions", {}, offered.map(action => h("button.button.small", {
        type: "button", class: action.tone ? `tone-${action.tone}` : "",
        onclick: () => model.send_msg({type: "act", key: action.key, id: row.id}),
      }, action.label))))
    }
    return h("tr", {class: model.selected.includes(row.id) ? "chosen" : "", dataset: {id: row.id}}, cells)
  }

  function turn(page) {
    return () => model.send_msg({type: "turn", page})
  }

  function show() {
    const pages = Math.max(1, Math.ceil(model.total / model.page_size))
    const first = (model.page - 1) * model.page_size + 1
    const body = model.rows.length
      ? model.rows.map(line)
      : [h("tr", {}, h("td.empty", {colspan: model.columns.length + 2}, h("p", {}, model.empty),
        model.filtered && h("button.button", {type: "button", onclick: () => model.send_msg({type: "unfilter"})}, "Clear the filters")))]
    box.replaceChildren(h("table", {}, h("caption.visually-hidden", {}, model.label), head(), h("tbody", {}, body)))
    box.setAttribute("aria-label", model.label)
    const shown = model.total ? `${first.toLocaleString("en")}–${(first + model.rows.length - 1).toLocaleString("en")} of ${model.total.toLocaleString("en")}` : ""
    const chosen = model.selected_total || model.selected.length
    foot.replaceChildren(...[
      h("span.muted", {"aria-live": "polite"}, shown),
      chosen > 0 && h("span", {}, `${chosen.toLocaleString("en")} selected`),
      chosen > 0 && h("button.link", {type: "button", onclick: () => model.send_msg({type: "choose", ids: []})}, "Clear"),
      h("span.gap", {}),
      pages > 1 && h("button.button.small", {type: "button", disabled: model.page <= 1, onclick: turn(model.page - 1)}, "Previous"),
      pages > 1 && h("span.muted", {}, `Page ${model.page} of ${pages.toLocaleString("en")}`),
      pages > 1 && h("button.button.small", {type: "button", disabled: model.page >= pages, onclick: turn(model.page + 1)}, "Next"),
    ].filter(Boolean))
  }

  show()
  model.on(["rows", "columns", "actions", "selected", "selected_total", "selectable", "sorted_by", "descending", "page", "page_size", "total", "empty", "filtered", "label", "zone"], together(show))
  return h("div.table", {}, box, foot)
}
