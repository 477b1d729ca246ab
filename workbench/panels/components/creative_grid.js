const ACTION_ICONS = {edit: "edit", regenerate: "sparkle", versions: "clock", preview: "person", test: "send", delete: "trash", restore: "reply"}
const EXTRA_ICONS = {
  trash: "M6 19c0 1.100.900 2 2 2h8c1.100 0 2-.900 2-2V7H6v12zM19 4h-3.500l-1-1h-5l-1 1H5v2h14V4z",
}
const KEYS = {e: "edit", Enter: "edit", r: "regenerate", v: "versions", p: "preview", t: "test", Delete: "delete", u: "restore"}
const HELP = "Arrow keys go from card to card, Space selects, E edits, R regenerates, V shows versions, P previews, T sends a test, " +
  "Delete deletes, Ctrl+A selects the page, Page up and Page down turn it."

export function render({model}) {
  const grid = h("div.grid", {role: "list", "aria-describedby": "gallery-help", onkeydown: on_key})
  const foot = h("div.foot", {})
  Object.assign(ICONS, EXTRA_ICONS)
  let home = null        // id of the card that Tab comes to
  let last = null        // id of the card that was selected last: Shift selects from there
  let editor = null
  const open = new Set() // ids of the cards whose whole text shows

  const name_of = (item) => item.title || PLATFORMS[item.platform]
  const cards = () => [...grid.querySelectorAll(":scope > .card[data-id]")]
  const card_of = (id) => grid.querySelector(`:scope > [data-id="${CSS.escape(String(id))}"]`)
  const item_of = (id) => model.items.find((item) => String(item.id) === String(id))
  const can_select = (item) => model.selectable && item && item.id !== null

  function choose(id, on, range) {
    let ids = [id]
    if (range && last !== null) {
      const order = model.items.map((item) => item.id)
      const [from, to] = [order.indexOf(last), order.indexOf(id)].sort((a, b) => a - b)
      if (from >= 0) { ids = order.slice(from, to + 1) }
    }
    last = id
    model.send_msg({type: "choose", ids: ids.filter((one) => can_select(item_of(one))), on})
  }

  function button(item, key) {
    return h("button.act", {
      type: "button", title: model.labels[key], "aria-label": `${model.labels[key]}: ${name_of(item)}`, tabindex: -1,
      onclick: () => model.send_msg({type: "act", key, id: item.id}),
    }, icon(ACTION_ICONS[key] || "info", 18))
  }

  function card(item) {
    const chosen = model.selected.includes(item.id)
    const over = item.used > item.limit
    return h("article.card", {
      class: `${chosen ? "chosen" : ""} ${item.deleted ? "deleted" : ""}`, role: "listitem", tabindex: -1, dataset: {id: String(item.id)},
      "aria-label": `${PLATFORMS[item.platform]}: ${item.title || item.post.slice(0, 60)}, ${item.status}${chosen ? ", selected" : ""}`,
    },
      h("header", {},
        can_select(item) && h("input", {
          type: "checkbox", checked: chosen, tabindex: -1, "aria-label": `Select ${name_of(item)}`,
          onclick: (event) => choose(item.id, event.target.checked, event.shiftKey),
        }),
        h("span.chip.state", {dataset: {tone: item.tone}}, item.status),
        h("span.acts", {}, item.actions.map((key) => button(item, key)))),
      preview_el(item, model.zone, open.has(item.id), () => {
        open.has(item.id) ? open.delete(item.id) : open.add(item.id)
        show()
      }),
      item.problems.length > 0 && h("ul.problems", {}, item.problems.map((text) => h("li", {}, text))),
      item.error && h("div.problems", {}, item.error),
      h("footer", {},
        h("span", {title: "Who wrote this version"}, item.source),
        h("span", {}, `v${item.version}`),
        h("span.count", {class: over ? "tone-error" : ""}, `${item.used.toLocaleString("en")} / ${item.limit.toLocaleString("en")}`)))
  }

  // The editor

  function follow_editing() {
    const wanted = model.editing
    if (editor && editor.serial === wanted.serial) { editor.show(); return }
    const back = editor?.id
    editor?.remove()
    editor = wanted.id ? make_editor(model, (type, values) => model.send_msg({type, ...values})) : null
    show()
    if (editor) { home = editor.id; editor.el.scrollIntoView({block: "nearest"}); editor.focus() }
    else if (back) { home = back; card_of(back)?.focus() }
  }

  /** Everything is drawn anew but the editor: who types keeps the cursor. */
  function place(nodes) {
    const at = editor ? nodes.indexOf(editor.el) : -1
    if (at < 0 || editor.el.parentNode !== grid) { grid.replaceChildren(...nodes); return }
    for (const child of [...grid.children]) { if (child !== editor.el) { child.remove() } }
    editor.el.before(...nodes.slice(0, at))
    editor.el.after(...nodes.slice(at + 1))
  }

  // Drawing

  function empty_el() {
    return h("div.empty.card", {}, h("p", {}, model.empty),
      model.filtered && h("button.button", {type: "button", onclick: () => model.send_msg({type: "unfilter"})}, "Clear the filters"))
  }

  function rove() {
    const all = cards()
    if (!all.some((one) => one.dataset.id === String(home))) { home = all[0]?.dataset.id ?? null }
    for (const one of all) {
      const here = one.dataset.id === String(home)
      if (one.classList.contains("editing")) { continue }
      one.tabIndex = here ? 0 : -1
      for (const part of one.querySelectorAll("button, input")) { part.tabIndex = here ? 0 : -1 }
    }
  }

  function show() {
    const focused = grid.getRootNode().activeElement
    const inside = editor?.el.contains(focused)
    const place_id = !inside && grid.contains(focused) ? focused.closest(".card")?.dataset.id : null
    const parts = (id) => [card_of(id), ...(card_of(id)?.querySelectorAll("button, input") || [])]
    const index = place_id ? parts(place_id).indexOf(focused) : -1
    const nodes = model.items.map((item) => (editor && item.id === editor.id ? editor.el : card(item)))
    if (editor && !nodes.includes(editor.el)) { nodes.unshift(editor.el) }
    place(nodes.length ? nodes : [empty_el()])
    rove()
    if (index >= 0) { (parts(place_id)[index] || card_of(place_id) || card_of(home))?.focus() }
    show_foot()
  }

  function show_foot() {
    const pages = Math.max(1, Math.ceil(model.total / model.page_size))
    const first = (model.page - 1) * model.page_size + 1
    const turn = (page) => () => model.send_msg({type: "turn", page})
    const way = (words, page, off) => h("button.button", {type: "button", disabled: off, onclick: turn(page)}, words)
    foot.replaceChildren(...[
      model.total > 0 && h("span.muted", {"aria-live": "polite"}, `${first.toLocaleString("en")}–${(first + model.items.length - 1).toLocaleString("en")} of ${model.total.toLocaleString("en")}`),
      model.total > 0 && h("span.muted.keys", {}, "Keys: arrows · Space selects · E edits · V versions · Del"),
      h("span.gap", {}),
      pages > 1 && way("First", 1, model.page <= 1),
      pages > 1 && way("Previous", model.page - 1, model.page <= 1),
      pages > 1 && h("span.muted", {}, `Page ${model.page.toLocaleString("en")} of ${pages.toLocaleString("en")}`),
      pages > 1 && way("Next", model.page + 1, model.page >= pages),
      pages > 1 && way("Last", pages, model.page >= pages),
    ].filter(Boolean))
  }

  // The keyboard

  function go(to) {
    if (!to) { return }
    home = to.dataset.id
    rove()
    to.focus()
  }

  function on_key(event) {
    const from = event.target.closest(".card[data-id]")
    if (!from || from.classList.contains("editing")) { return }
    const item = item_of(from.dataset.id)
    const all = cards()
    const at = all.indexOf(from)
    const on_card = event.target === from
    if ((event.ctrlKey || event.metaKey) && event.key === "a" && model.selectable) {
      event.preventDefault()
      model.send_msg({type: "choose", ids: model.items.filter(can_select).map((one) => one.id), on: true})
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey) { return }
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length
    const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns}
    const page = {PageUp: -1, PageDown: 1}[event.key]
    if (event.key in steps) {
      event.preventDefault()
      go(all[at + steps[event.key]])
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault()
      go(all[event.key === "Home" ? 0 : all.length - 1])
    } else if (page) {
      event.preventDefault()
      const to = model.page + page
      if (to >= 1 && to <= Math.ceil(model.total / model.page_size)) { model.send_msg({type: "turn", page: to}) }
    } else if (event.key === " " && on_card && can_select(item)) {
      event.preventDefault()
      choose(item.id, !model.selected.includes(item.id), event.shiftKey)
    } else if (on_card && item?.actions.includes(KEYS[event.key])) {
      event.preventDefault()
      model.send_msg({type: "act", key: KEYS[event.key], id: item.id})
    }
  }

  model.on(["items", "labels", "selected", "selectable", "page", "page_size", "total", "empty", "filtered", "zone"], together(show))
  model.on("editing", follow_editing)
  model.on("lifecycle:remove", () => editor?.remove())
  show()
  follow_editing()
  return h("section", {"aria-label": "Creatives"}, h("p.visually-hidden", {id: "gallery-help"}, HELP), grid, foot)
}
