export function render({model}) {
  const heading = h("h2", {})
  const kind = h("select", {
    "aria-label": "Show", onchange: () => model.send_msg({type: "kind", kind: kind.value}),
  })
  const list = h("ol.list", {tabindex: 0, "aria-label": "What happened, newest first"})
  // The next page is asked for when its button comes into sight; the button is for those who do not scroll.
  const more = h("button.button.more", {type: "button", onclick: () => load()})
  const end = h("li.end", {}, more)
  const watcher = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) { load() } },
    {root: list, rootMargin: "200px"})

  function load() {
    if (more.disabled || !model.more) { return }
    more.disabled = true
    more.textContent = "Loading…"
    model.send_msg({type: "more"})
  }

  function day_of(iso) {
    const parts = {weekday: "short", day: "numeric", month: "short", year: "numeric"}
    const day = clock(iso, model.zone, parts)
    const today = clock(new Date().toISOString(), model.zone, parts)
    const before = clock(new Date(Date.now() - 86400000).toISOString(), model.zone, parts)
    return day === today ? "Today" : day === before ? "Yesterday" : day
  }

  function entry(event) {
    const open = () => model.send_msg({type: "open", id: event.id})
    const linked = event.project_id !== null
    return h("li.entry", {dataset: {id: event.id}},
      h("span.sign", {class: `tone-${event.tone}`}, icon(event.icon, 22)),
      h("div.words", {},
        linked ? h("button.event", {type: "button", onclick: open}, event.event) : h("span.event", {}, event.event),
        event.detail && h("div.detail", {}, event.detail)),
      h("div.when", {},
        time_el(event.time, model.zone, clock(event.time, model.zone, {hour: "2-digit", minute: "2-digit"})),
        h("span.ago", {dataset: {time: event.time}}, ago(event.time))))
  }

  function show() {
    heading.textContent = model.heading
    const rows = []
    let day = null
    for (const event of model.events) {
      const its_day = day_of(event.time)
      if (its_day !== day) {
        day = its_day
        rows.push(h("li.day", {}, day))
      }
      rows.push(entry(event))
    }
    if (rows.length === 0) { rows.push(h("li.empty", {}, model.empty)) }
    rows.push(end)
    const scrolled = list.scrollTop
    const focused = list.getRootNode().activeElement?.closest?.(".entry")?.dataset.id
    list.replaceChildren(...rows)
    list.scrollTop = scrolled
    if (focused) { list.querySelector(`[data-id="${CSS.escape(focused)}"] .event`)?.focus() }
    show_more()
  }

  function show_more() {
    more.disabled = false
    more.textContent = "Load more"
    end.hidden = !model.more
    // Observed anew, it is told again when the next page did not push it out of sight.
    watcher.disconnect()
    if (model.more) { watcher.observe(end) }
  }

  function show_kinds() {
    kind.hidden = !model.kinds.length
    kind.replaceChildren(...model.kinds.map(({key, label}) => h("option", {value: key}, label)))
    kind.value = model.kind
  }

  show_kinds()
  show()
  model.on(["kinds", "kind"], show_kinds)
  model.on(["events", "heading", "empty", "zone"], show)
  model.on("more", show_more)
  const timer = setInterval(() => {
    for (const el of list.querySelectorAll(".ago")) { el.textContent = ago(el.dataset.time) }
  }, 30000)
  model.on("lifecycle:remove", () => {
    clearInterval(timer)
    watcher.disconnect()
  })
  return h("section.card.frame", {"aria-label": model.heading}, h("div.head", {}, heading, kind), list)
}
