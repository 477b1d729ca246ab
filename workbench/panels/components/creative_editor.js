// The editor that takes a card's place. What is typed is counted by the server, by the rules that approve it.

const COUNT_MS = 150   // at most so often while keys are pressed
const STILL_MS = 700   // without a key: now it is kept as a draft

/** ``send(type, values)`` tells the server; the texts go with everything that is told. */
function make_editor(model, send) {
  const began = model.editing
  let turn = 0, counting = 0, resting = 0, touched = false

  const area = (label, value, rows) => h("textarea", {
    "aria-label": label, rows, value, spellcheck: "true", oninput: typed, maxlength: 100000,
  })
  const title = h("input", {
    type: "text", "aria-label": began.title_label, value: began.title, maxlength: 500, spellcheck: "true", oninput: typed,
  })
  const body = area("Text", began.body, 9)
  const caption = area("Caption (follows after a blank line)", began.caption, 2)
  const counter = h("span.count", {role: "status"})
  const problems = h("ul.problems", {})
  const repeat = h("div.repeat", {role: "status"})
  const note = h("div.note", {})
  const shown = h("div.shown", {"aria-label": "As it will look", role: "group"})
  const discard = h("button.button", {type: "button", onclick: () => tell("discard")}, "Discard draft")
  const save = h("button.button.primary", {type: "button", title: "Ctrl+Enter", onclick: () => tell("save")}, "Save")
  const close = h("button.button", {type: "button", title: "Escape. What is not saved is kept as your draft.", onclick: () => tell("close")}, "Close")

  const texts = () => ({id: began.id, turn: ++turn, title: title.value, body: body.value, caption: caption.value})

  function stop() { clearTimeout(counting); clearTimeout(resting); counting = resting = 0 }

  function tell(type) { stop(); send(type, texts()) }

  function count(still) {
    clearTimeout(counting)
    counting = 0
    send("typed", {...texts(), still})
  }

  function typed() {
    touched = true
    counting ||= setTimeout(() => count(false), COUNT_MS)
    clearTimeout(resting)
    resting = setTimeout(() => { resting = 0; count(true) }, STILL_MS)
  }

  function leave() {
    if (resting) { clearTimeout(resting); resting = 0; count(true) }
  }

  const leaving = () => { if (document.visibilityState === "hidden") { leave() } }
  document.addEventListener("visibilitychange", leaving)

  const label = (words, field) => h("label.field", {}, h("span.name", {}, words), field)
  const el = h("article.card.editing", {
    role: "listitem", dataset: {id: began.id}, "aria-label": `Edit for ${PLATFORMS[began.platform]}`,
    onfocusout: leave,
    onkeydown: (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); tell("save") }
      if (event.key === "s" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); tell("save") }
      if (event.key === "Escape") { event.preventDefault(); tell("close") }
      event.stopPropagation()
    },
  },
    h("h3", {}, `Edit for ${PLATFORMS[began.platform]}`),
    h("div.sides", {},
      h("div.form", {}, label(began.title_label, title), label("Text", body), label("Caption (follows after a blank line)", caption),
        h("div.counts", {}, counter), problems, repeat,
        began.hint && h("div.note", {}, began.hint), note,
        h("div.buttons", {}, discard, h("span.gap", {}), close, save)),
      shown))

  /** What the server says of what was typed; the texts themselves stay as they are. */
  function show() {
    const facts = model.editing
    counter.textContent = `${facts.used.toLocaleString("en")} of ${facts.limit.toLocaleString("en")} ${facts.unit}`
    counter.classList.toggle("tone-error", facts.used > facts.limit)
    problems.replaceChildren(...facts.problems.map((text) => h("li", {}, text)))
    problems.hidden = !facts.problems.length
    repeat.textContent = facts.repeat
    repeat.hidden = !facts.repeat
    note.textContent = facts.note
    note.hidden = !facts.note
    discard.hidden = !facts.draft
    shown.replaceChildren(preview_el(facts.look, model.zone, true, null))
  }

  show()
  return {
    el, id: began.id, serial: began.serial, show,
    focus: () => { body.focus(); body.setSelectionRange(body.value.length, body.value.length) },
    remove: () => { document.removeEventListener("visibilitychange", leaving); leave() },
  }
}
