const NARROW = 520
const HELP = "Arrow keys go from day to day and from item to item, Enter opens, Page up and Page down turn the page. " +
  "Shift with an arrow key proposes another time for an item."

/** The day ``count`` days after an ISO date; dates have no zone, so they are reckoned in UTC. */
function day_after(iso, count) {
  const day = new Date(`${iso}T00:00Z`)
  day.setUTCDate(day.getUTCDate() + count)
  return day.toISOString().slice(0, 10)
}

export function render({model}) {
  let flying = null       // id of the item in the air
  let proposed = null     // {id, day, hour}: shown there until the server says what became of it
  let landing = false     // confirmed: the next days are the truth
  let waiting = false     // days came while one was in the air
  let narrow = false
  let earlier = false     // the days before today are unfolded
  let home = ""           // key of the cell that Tab comes to
  let returning = null    // id of the item that was moved: the keyboard goes on from it

  const button = (label, name, step) => h("button.button.turn", {
    type: "button", "aria-label": label, title: label, onclick: () => model.send_msg({type: "turn", step}),
  }, icon(name, 20))
  const heading = h("h2", {"aria-live": "polite"})
  const turning = h("span.turning", {}, button("Earlier", "left", -1),
    h("button.button", {type: "button", onclick: () => model.send_msg({type: "turn", step: 0})}, "Today"), button("Later", "right", 1))
  const views = h("span.views", {role: "group", "aria-label": "View"})
  const box = h("div.box", {})
  const foot = h("div.foot", {})
  const help = h("p.visually-hidden", {id: "calendar-help"}, HELP)

  const in_grid = () => !narrow && ["month", "week"].includes(model.view)
  const key_of = (day, hour) => (hour < 0 ? day : `${day} ${hour}`)
  const cells = () => [...box.querySelectorAll("[role=gridcell]")]

  for (const {key, label} of model.views) {
    views.append(h("button.button", {
      type: "button", dataset: {view: key}, onclick: () => model.send_msg({type: "choose", view: key}),
    }, label))
  }

  // What stands where

  function place_of(item, day) {
    if (proposed?.id === item.id) { return proposed }
    return {day: day.date, hour: model.view === "week" ? item.hour : -1}
  }

  function items_at(date, hour) {
    return model.days.flatMap((day) => day.items.filter((item) => {
      const at = place_of(item, day)
      return at.day === date && at.hour === hour
    }))
  }

  function find(id) {
    for (const day of model.days) {
      const item = day.items.find((one) => one.id === id)
      if (item) { return {day, item, at: place_of(item, day)} }
    }
    return null
  }

  function propose(id, day, hour) {
    const found = find(id)
    if (!found || !found.item.movable || hour > 23 || (hour < 0 && model.view === "week")) { return }
    if (found.at.day === day && found.at.hour === hour) { return }
    proposed = {id, day, hour}
    landing = false
    show()
    focus_item(id)
    model.send_msg({type: "move", id, day, hour})
  }

  // Drawing

  function item_el(item, full) {
    return h("button.item", {
      type: "button", tabindex: full ? 0 : -1, draggable: !full && item.movable ? "true" : null, dataset: {id: item.id, tone: item.tone},
      class: proposed?.id === item.id ? "proposed" : item.look || "", "aria-label": item.label, title: `${item.label}\n${both_clocks(item.at, model.zone)}`,
      onclick: () => model.send_msg({type: "open", id: item.id}),
      ...drag_source(item.title, () => { flying = item.id }, () => {
        flying = null
        if (waiting) { waiting = false; show() }
      }),
    },
      h("span.mark", {class: item.platform, "aria-hidden": "true"}, {linkedin: "in", twitter: "X", email: "@"}[item.platform]),
      h("span.time", {}, item.time),
      h("span.title", {}, item.title),
      full && h("span.where", {}, item.where),
      h("span.sign", {class: `tone-${item.tone || "muted"}`}, icon(item.sign, 14), full && item.status))
  }

  function more_el(day, shown, full) {
    const left = day.total - shown
    return left > 0 && h("button.more", {
      type: "button", tabindex: full ? 0 : -1, "aria-label": `${left} more on ${day.long}`,
      onclick: () => model.send_msg({type: "show", day: day.date}),
    }, model.view === "day" ? `${left.toLocaleString("en")} more: see the list` : `+${left.toLocaleString("en")} more`)
  }

  function cell_el(day, hour, ...parts) {
    const key = key_of(day.date, hour)
    const mine = items_at(day.date, hour)
    const when = hour < 0 ? day.long : `${day.long}, ${hour}:00`
    return h("div.cell", {
      role: "gridcell", tabindex: key === home ? 0 : -1, dataset: {key, day: day.date, hour},
      class: `${day.outside ? "outside" : ""} ${day.today ? "today" : ""}`, "aria-current": day.today && hour < 0 ? "date" : null,
      "aria-label": `${when}, ${hour < 0 ? day.total : mine.length} ${(hour < 0 ? day.total : mine.length) === 1 ? "item" : "items"}`,
      ...drop_target(() => flying !== null, () => {
        const id = flying
        flying = null
        waiting = false
        if (id !== null) { propose(id, day.date, hour) }
      }),
    }, ...parts, mine.map((item) => item_el(item, false)), hour < 0 && more_el(day, day.items.length, false))
  }

  function day_link(day, words) {
    return h("button.day", {
      type: "button", tabindex: -1, "aria-label": `Open ${day.long}`, onclick: () => model.send_msg({type: "show", day: day.date}),
    }, words)
  }

  function month_el() {
    const weeks = []
    for (let at = 0; at < model.days.length; at += 7) { weeks.push(model.days.slice(at, at + 7)) }
    return [
      h("div.row.heads", {role: "row"}, weeks[0].map((day) => h("span.head", {role: "columnheader"}, day.name.slice(0, 3)))),
      weeks.map((days) => h("div.row", {role: "row"}, days.map((day) => cell_el(day, -1, day_link(day, day.number))))),
    ]
  }

  function week_el() {
    return [
      h("div.row.heads", {role: "row"}, h("span.head", {role: "columnheader"}, h("span.visually-hidden", {}, "Hour")),
        model.days.map((day) => h("span.head", {role: "columnheader", class: day.today ? "today" : ""}, day_link(day, day.name), more_el(day, day.items.length, false)))),
      [...Array(24).keys()].map((hour) => h("div.row", {role: "row", class: hour < 7 || hour > 19 ? "night" : ""},
        h("span.hour", {role: "rowheader"}, `${String(hour).padStart(2, "0")}:00`), model.days.map((day) => cell_el(day, hour)))),
    ]
  }

  function list_el(days) {
    return days.filter((day) => day.total > 0).map((day) => h("section.group", {"aria-label": day.long},
      h("h3", {class: day.today ? "today" : ""}, day.name, day.today && " · today"),
      h("div.lines", {}, day.items.map((item) => item_el(item, true)), more_el(day, day.items.length, true))))
  }

  /** A month that today is in begins with today; what was before is folded above it. */
  function agenda_el(days) {
    const today = model.view === "month" ? days.findIndex((day) => day.today) : -1
    const past = days.slice(0, Math.max(0, today))
    const number = past.reduce((sum, day) => sum + day.total, 0)
    if (number === 0) { return list_el(days) }
    return [
      h("details.earlier", {open: earlier || null, ontoggle: (event) => { earlier = event.target.open }},
        h("summary", {}, `Earlier this month: ${number.toLocaleString("en")} ${number === 1 ? "item" : "items"}`), list_el(past)),
      list_el(days.slice(today)),
    ]
  }

  function show() {
    const active = box.getRootNode().activeElement
    const back = box.contains(active) && (active.dataset.id ? `[data-id="${active.dataset.id}"]` : `[data-key="${active.dataset.key}"]`)
    const listed = model.view === "list"
    heading.textContent = model.heading
    for (const one of [heading, turning, box, foot]) { one.hidden = listed }
    frame.classList.toggle("bare", listed)
    for (const one of views.children) { one.setAttribute("aria-pressed", String(one.dataset.view === model.view)) }
    if (listed) { box.replaceChildren(); return }
    const week = model.view === "week"
    const today = model.days.find((day) => day.today && !day.outside) || model.days.find((day) => !day.outside)
    if (today && !model.days.some((day) => home.startsWith(day.date) && week === home.includes(" "))) { home = key_of(today.date, week ? 9 : -1) }
    const drawn_days = model.days.filter((day) => in_grid() || !day.outside)
    const total = drawn_days.reduce((sum, day) => sum + day.total, 0)
    const drawn = in_grid() && model.days.length
      ? h("div.grid", {role: "grid", class: model.view, "aria-label": `Calendar, ${model.heading}`, "aria-describedby": "calendar-help", onkeydown: on_key},
        week ? week_el() : month_el())
      : h("div.list", {onkeydown: on_key}, agenda_el(drawn_days))
    box.replaceChildren(...[drawn, total === 0 && h("p.empty", {role: "status"}, model.empty)].filter(Boolean))
    const movable = in_grid() && model.days.some((day) => day.items.some((item) => item.movable))
    const signs = new Map(model.days.flatMap((day) => day.items).map((item) => [item.status, item]))
    foot.replaceChildren(...[
      ...[...signs.values()].map((item) => h("span.sign", {class: `tone-${item.tone || "muted"}`}, icon(item.sign, 14), item.status)),
      h("span.gap", {}),
      h("span", {}, `${movable ? "Drag what waits to another time. " : ""}Times in ${model.zone}`),
    ])
    if (back) { (box.querySelector(back) || box.querySelector(`[data-key="${home}"]`))?.focus() }
    if (returning) { focus_back(returning); returning = null }
  }

  // The keyboard

  function focus_cell(cell) {
    if (!cell) { return }
    box.querySelector(`[data-key="${home}"]`)?.setAttribute("tabindex", "-1")
    home = cell.dataset.key
    cell.setAttribute("tabindex", "0")
    cell.focus()
  }

  function focus_item(id) { box.querySelector(`[data-id="${id}"]`)?.focus() }

  /** Like focus_item, until it holds: a dialog that is closing keeps the keyboard a moment longer. */
  function focus_back(id, tries = 12) {
    focus_item(id)
    const holds = () => box.getRootNode().activeElement?.dataset.id === String(id)
    if (tries && find(id)) { setTimeout(() => { if (!holds()) { focus_back(id, tries - 1) } }, 80) }
  }

  function on_key(event) {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key]
    const page = {PageUp: -1, PageDown: 1}[event.key]
    if (event.altKey || event.ctrlKey || event.metaKey || !(step || page || event.key === "Enter" || event.key === " ")) { return }
    const item = event.target.closest(".item")
    if (page) {
      event.preventDefault()
      model.send_msg({type: "turn", step: page})
    } else if (!in_grid()) {
      if (!step?.[1]) { return }
      event.preventDefault()
      const stops = [...box.querySelectorAll(".item, .more")].filter((one) => one.offsetParent)
      stops[stops.indexOf(event.target) + step[1]]?.focus()
    } else if (!step) {
      if (event.target.getAttribute("role") !== "gridcell") { return }
      event.preventDefault()
      const first = event.target.querySelector(".item")
      if (first) { first.focus() } else { model.send_msg({type: "show", day: event.target.dataset.day}) }
    } else {
      event.preventDefault()
      if (event.shiftKey && item) { shift(Number(item.dataset.id), step) } else { walk(event.target, step) }
    }
  }

  function shift(id, [across, down]) {
    const {day, hour} = find(id).at
    const week = model.view === "week"
    propose(id, day_after(day, across + (week ? 0 : 7 * down)), week ? hour + down : -1)
  }

  function walk(from, [across, down]) {
    const cell = from.closest("[role=gridcell]")
    if (!cell) { return }
    const stops = [cell, ...cell.querySelectorAll(".item, .more")]
    const next = stops[stops.indexOf(from) + down]
    const all = cells()
    if (down && next && from !== next && stops.includes(from)) {
      next === cell ? focus_cell(cell) : next.focus()
      return
    }
    const to = all[all.indexOf(cell) + across + 7 * down]
    const same_row = !across || to?.parentElement === cell.parentElement
    if (to && same_row) { focus_cell(to) }
  }

  // Values that change together arrive one by one; one drawing serves them all, and none pulls away what is in the air.
  const redraw = () => {
    if (flying !== null || waiting) { waiting = true; return }
    waiting = true
    queueMicrotask(() => { if (flying === null) { waiting = false; show() } })
  }
  model.on(["view", "heading", "zone", "empty"], redraw)
  model.on("days", () => {
    if (landing) { returning = proposed?.id; proposed = null; landing = false }
    redraw()
  })
  model.on("msg:custom", ({type, id, moved}) => {
    if (type === "settled" && moved) { landing = true; return }
    if (type === "settled" && proposed?.id === id) {
      proposed = null
      show()
      box.querySelector(`[data-id="${id}"]`)?.classList.add("refused")
    }
    focus_back(id)
  })
  const observer = new ResizeObserver(([entry]) => {
    const now = entry.contentRect.width > 0 && entry.contentRect.width < NARROW
    if (now !== narrow) { narrow = now; show() }
  })
  const frame = h("section.card.frame", {"aria-label": "Calendar"}, h("div.top", {}, turning, heading, views), help, box, foot)
  observer.observe(frame)
  model.on("lifecycle:remove", () => observer.disconnect())
  show()
  return frame
}
