const ACTION_ICONS = {edit: "edit", regenerate: "sparkle", versions: "clock", preview: "person", test: "send", delete: "trash", restore: "reply"}
const EXTRA_ICONS = {
  trash: "M6 19c0 1.100.900 2 2 2h8c1.100 0 2-.900 2-2V7H6v12zM19 4h-3.500l-1-1h-5l-1 1H5v2h14V4z",
}

export function render({model}) {
  const grid = h("div.grid", {role: "list"})
  const foot = h("div.foot", {})
  Object.assign(ICONS, EXTRA_ICONS)

  function logo(platform) {
    const mark = {linkedin: "in", twitter: "X", email: "@"}[platform] || "?"
    return h("span.logo", {class: platform, "aria-hidden": "true"}, mark)
  }

  function toggle(id, on) {
    const chosen = new Set(model.selected)
    on ? chosen.add(id) : chosen.delete(id)
    model.send_msg({type: "choose", ids: [...chosen]})
  }

  function preview(item) {
    const when = item.when ? ` · ${clock(item.when, model.zone, {weekday: "short", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit"})}` : ""
    return h("div.preview", {},
      h("div.who", {}, logo(item.platform), h("div", {},
        h("div.author", {}, item.author),
        h("div.where", {title: item.when ? both_clocks(item.when, model.zone) : null}, `${PLATFORMS[item.platform]}${when}`)),
        item.stale && h("span.chip.stale", {dataset: {tone: "warn"}, title: "Made from another strategy than the one in force. Edit, regenerate or confirm it."}, "stale")),
      item.platform === "email" && h("div.subject", {}, `Subject: ${item.title || "(none)"}`),
      item.platform !== "email" && item.title && h("div.note", {title: "A name for you: it is not posted"}, item.title),
      h("div.body", {}, item.body || h("span.muted", {}, "Nothing written yet.")),
      item.caption && h("div.caption", {}, item.caption))
  }

  function button(item, key) {
    return h("button.act", {
      type: "button", title: model.labels[key], "aria-label": `${model.labels[key]}: ${item.title || PLATFORMS[item.platform]}`,
      onclick: () => model.send_msg({type: "act", key, id: item.id}),
    }, icon(ACTION_ICONS[key] || "info", 18))
  }

  function card(item) {
    const chosen = model.selected.includes(item.id)
    const over = item.used > item.limit
    return h("article.card", {class: `${chosen ? "chosen" : ""} ${item.deleted ? "deleted" : ""}`, role: "listitem", dataset: {id: item.id}},
      h("header", {},
        model.selectable && item.id !== null && !item.deleted && h("input", {
          type: "checkbox", checked: chosen, "aria-label": `Select ${item.title || PLATFORMS[item.platform]}`,
          onchange: event => toggle(item.id, event.target.checked),
        }),
        h("span.chip.state", {dataset: {tone: item.tone}}, item.status),
        h("span.acts", {}, item.actions.map(key => button(item, key)))),
      preview(item),
      item.problems.length > 0 && h("ul.problems", {}, item.problems.map(text => h("li", {}, text))),
      item.error && h("div.problems", {}, item.error),
      h("footer", {},
        h("span", {title: "Who wrote this version"}, item.source),
        h("span", {}, `v${item.version}`),
        h("span.count", {class: over ? "tone-error" : ""}, `${item.used.toLocaleString("en")} / ${item.limit.toLocaleString("en")}`)))
  }

  function turn(page) {
    return () => model.send_msg({type: "turn", page})
  }

  function show() {
    const focused = grid.getRootNode().activeElement
    const place = focused?.closest?.(".card")?.dataset.id
    const index = place ? [...grid.querySelectorAll(`[data-id="${CSS.escape(place)}"] button, [data-id="${CSS.escape(place)}"] input`)].indexOf(focused) : -1
    grid.replaceChildren(...(model.items.length ? model.items.map(card) : [h("div.empty.card", {}, model.empty)]))
    if (index >= 0) {
      grid.querySelectorAll(`[data-id="${CSS.escape(place)}"] button, [data-id="${CSS.escape(place)}"] input`)[index]?.focus()
    }
    const pages = Math.max(1, Math.ceil(model.total / model.page_size))
    const first = (model.page - 1) * model.page_size + 1
    foot.replaceChildren(...[
      model.total > 0 && h("span.muted", {"aria-live": "polite"}, `${first.toLocaleString("en")}–${(first + model.items.length - 1).toLocaleString("en")} of ${model.total.toLocaleString("en")}`),
      h("span.gap", {}),
      pages > 1 && h("button.button", {type: "button", disabled: model.page <= 1, onclick: turn(model.page - 1)}, "Previous"),
      pages > 1 && h("span.muted", {}, `Page ${model.page} of ${pages.toLocaleString("en")}`),
      pages > 1 && h("button.button", {type: "button", disabled: model.page >= pages, onclick: turn(model.page + 1)}, "Next"),
    ].filter(Boolean))
  }

  show()
  // Values that change together arrive one by one; one drawing serves them all.
  let waiting = false
  model.on(["items", "labels", "selected", "selectable", "page", "page_size", "total", "empty", "zone"], () => {
    if (waiting) { return }
    waiting = true
    queueMicrotask(() => { waiting = false; show() })
  })
  return h("section", {"aria-label": "Creatives"}, grid, foot)
}
