export function render({model}) {
  let dragged = null      // id of the card in the air
  let moved = null        // {id, state}: shown there until the server answers
  let waiting = false     // cards came while one was in the air

  const add_button = h("button.button.primary", {type: "button", onclick: () => model.send_msg({type: "add"})},
    icon("add", 18), "New project")
  const heading = h("h2", {})
  const columns = h("div.columns", {})
  const help = h("p.visually-hidden", {id: "help"},
    "Arrow keys go from card to card, Enter opens a project, Shift with left or right moves it to another column.")

  const state_of = (card) => (moved && moved.id === card.id ? moved.state : card.state)
  const label_of = (state) => model.columns.find(({key}) => key === state)?.label ?? state

  function move(id, state) {
    const card = model.cards.find((one) => one.id === id)
    if (!card || state_of(card) === state) { return }
    moved = {id, state}
    show()
    focus(id)
    model.send_msg({type: "move", id, state})
  }

  function focus(id) { columns.querySelector(`[data-id="${id}"]`)?.focus() }

  function on_key(event, card) {
    if (event.target !== event.currentTarget) { return }
    const order = model.columns.map(({key}) => key)
    const at = order.indexOf(state_of(card))
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key]
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      model.send_msg({type: "open", id: card.id})
    } else if (step && event.shiftKey && model.movable) {
      event.preventDefault()
      if (order[at + step]) { move(card.id, order[at + step]) }
    } else if (step) {
      event.preventDefault()
      for (let next = at + step; next >= 0 && next < order.length; next += step) {
        const found = columns.children[next].querySelector(".card")
        if (found) { found.focus(); break }
      }
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault()
      const sibling = event.key === "ArrowDown" ? event.currentTarget.nextElementSibling : event.currentTarget.previousElementSibling
      sibling?.focus()
    }
  }

  function card_el(card) {
    const select = model.movable && h("select.mover", {
      "aria-label": `Move ${card.name} to`, title: "Move to…",
      onclick: (event) => event.stopPropagation(),
      onchange: (event) => move(card.id, event.target.value),
    }, model.columns.map(({key, label}) => h("option", {value: key, selected: key === state_of(card)}, label)))
    return h("article.card", {
      tabindex: 0, role: "listitem", draggable: model.movable ? "true" : null, dataset: {id: card.id},
      "aria-label": `${card.name}, ${card.client}`, "aria-describedby": "help",
      onclick: () => model.send_msg({type: "open", id: card.id}),
      onkeydown: (event) => on_key(event, card),
      ...drag_source(card.name, () => { dragged = card.id }, () => {
        dragged = null
        if (waiting) { waiting = false; show() }
      }),
    },
      h("div.top", {}, h("span.name", {}, card.name), select && h("span.move", {}, icon("arrow", 16), select)),
      h("div.client", {}, card.client || "No client"),
      h("div.foot", {},
        h("span.chips", {}, card.chips.map(({text, tone}) => h("span.chip", {dataset: {tone}}, text))),
        card.next && h("span.next", {}, time_el(card.next, model.zone, clock(card.next, model.zone, {day: "numeric", month: "short"}))),
      ),
      card.note && h("div.note", {}, card.note))
  }

  function show() {
    const focused = columns.getRootNode().activeElement?.dataset?.id
    const scrolled = [...columns.querySelectorAll(".cards")].map((list) => list.scrollTop)
    heading.textContent = model.heading
    add_button.hidden = !model.may_add
    columns.replaceChildren(...model.columns.map(({key, label}) => {
      const mine = model.cards.filter((card) => state_of(card) === key)
      return h("section.column", {
        dataset: {state: key}, "aria-label": `${label}, ${mine.length}`,
        ...drop_target(() => dragged !== null, () => {
          const id = dragged
          dragged = null
          waiting = false
          if (id !== null) { move(id, key) }
        }),
      },
        h("header", {}, h("span.dot", {}), h("span.label", {}, label), h("span.count", {}, mine.length)),
        h("div.cards", {role: mine.length ? "list" : null}, mine.map(card_el), mine.length === 0 && h("div.empty", {}, "Nothing here")))
    }))
    columns.querySelectorAll(".cards").forEach((list, index) => { list.scrollTop = scrolled[index] || 0 })
    if (focused) { focus(focused) }
  }

  show()
  model.on(["columns", "movable", "heading", "may_add"], show)
  model.on("cards", () => {
    moved = null
    if (dragged === null) { show() } else { waiting = true }
  })
  model.on("msg:custom", ({type, id}) => {
    if (type !== "refused") { return }
    moved = null
    show()
    const card = columns.querySelector(`[data-id="${id}"]`)
    card?.classList.add("refused")
    card?.focus()
  })
  return h("section.card.frame", {}, h("div.head", {}, heading, add_button), help, columns)
}
