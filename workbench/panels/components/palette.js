const KINDS = {command: ["Commands", "bolt"], project: ["Projects", "campaign"], creative: ["Creatives", "edit"], lead: ["Leads", "person"]}
const MOST_COMMANDS = 7

export function render({model}) {
  // Of the newest search; an answer to an older one is not shown. It goes on growing when this is drawn again.
  let number = Date.now()
  let hits = []
  let trouble = ""
  let timer = 0
  let at = 0              // which of the options is marked
  let options = []        // {kind, id, title, detail, href}, as shown

  const field = h("input.field", {
    type: "text", role: "combobox", "aria-label": "Search or command", "aria-controls": "found", "aria-expanded": "true",
    "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", maxlength: 200,
    placeholder: "A project, creative or lead, or a command…",
    oninput: () => typed(), onkeydown: (event) => on_key(event),
  })
  const list = h("div.found", {id: "found", role: "listbox", "aria-label": "Found"})
  const note = h("p.note", {role: "status"})
  const dialog = h("dialog.palette", {
    "aria-label": "Search and commands",
    // A click on the dialog itself is one beside the box in it.
    onclick: (event) => { if (event.target === dialog) { dialog.close() } },
  }, h("div.box", {},
    h("div.line", {}, icon("search", 22), field, h("kbd", {}, "Esc")),
    list, note))

  function commands() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean)
    const fits = ({title, detail}) => words.every((word) => `${title} ${detail}`.toLowerCase().includes(word))
    const found = model.commands.filter(fits).map((command) => ({...command, kind: "command"}))
    return words.length ? found.slice(0, MOST_COMMANDS) : found
  }

  function option(one, index) {
    return h("a.option", {
      id: `option-${index}`, role: "option", tabindex: -1, href: one.href || "#", "aria-selected": String(index === at),
      onclick: (event) => {
        if (one.href && (event.ctrlKey || event.metaKey || event.shiftKey)) { return }
        event.preventDefault()
        choose(one)
      },
      onmousemove: () => { if (at !== index) { mark(index) } },
    },
      h("span.sign", {}, icon(one.icon || KINDS[one.kind][1], 20)),
      h("span.title", {}, one.title),
      h("span.detail", {}, one.detail))
  }

  function mark(index) {
    at = index
    for (const [i, el] of [...list.querySelectorAll(".option")].entries()) { el.setAttribute("aria-selected", String(i === at)) }
    const marked = list.querySelector("[aria-selected=true]")
    if (marked) { field.setAttribute("aria-activedescendant", marked.id) } else { field.removeAttribute("aria-activedescendant") }
    marked?.scrollIntoView({block: "nearest"})
  }

  function show(waiting = false) {
    const text = field.value.trim().toLowerCase()
    const found = {command: commands()}
    for (const hit of text.length < 2 ? [] : hits) { (found[hit.kind] ??= []).push(hit) }
    // A command comes first when its name is being typed.
    const named = text && found.command[0]?.title.toLowerCase().startsWith(text)
    const order = named ? ["command", "project", "creative", "lead"] : ["project", "creative", "lead", "command"]
    const groups = order.map((kind) => [kind, found[kind] ?? []]).filter(([, ones]) => ones.length)
    options = groups.flatMap(([, ones]) => ones)
    let index = 0
    list.replaceChildren(...groups.map(([kind, ones]) => h("div.group", {role: "group", "aria-label": KINDS[kind][0]},
      h("div.kind", {"aria-hidden": "true"}, KINDS[kind][0]), ones.map((one) => option(one, index++)))))
    note.textContent = trouble || (waiting ? "Searching…" : options.length ? "" : "Nothing has all of these words. Try fewer, or the beginning of a name.")
    note.hidden = !note.textContent
    list.hidden = !options.length
    mark(Math.min(at, Math.max(0, options.length - 1)))
  }

  function typed() {
    const text = field.value.trim()
    clearTimeout(timer)
    number += 1
    at = 0
    if (text.length < 2) {
      hits = []
      trouble = ""
      show()
      return
    }
    const mine = number
    timer = setTimeout(() => model.send_msg({type: "search", number: mine, text}), 120)
    show(true)
  }

  function choose(one) {
    dialog.close()
    model.send_msg({type: "choose", kind: one.kind, id: String(one.id)})
  }

  function on_key(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (step && options.length) {
      event.preventDefault()
      mark((at + step + options.length) % options.length)
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault()
      const one = options[at]
      if (!one) { return }
      if (one.href && (event.ctrlKey || event.metaKey)) { window.open(one.href, "_blank", "noopener") } else { choose(one) }
    }
  }

  function open() {
    if (dialog.open) { dialog.close(); return }
    field.value = ""
    number += 1
    hits = []
    trouble = ""
    at = 0
    show()
    dialog.showModal()
    field.focus()
  }

  const on_shortcut = (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) { return }
    event.preventDefault()
    open()
  }
  window.addEventListener("keydown", on_shortcut)
  window.addEventListener("workbench:palette", open)
  model.on("lifecycle:remove", () => {
    window.removeEventListener("keydown", on_shortcut)
    window.removeEventListener("workbench:palette", open)
  })
  model.on("commands", () => { if (dialog.open) { show() } })
  model.on("msg:custom", (answer) => {
    if (answer.type !== "found" || answer.number !== number) { return }
    hits = answer.hits
    trouble = answer.trouble
    show()
  })
  return dialog
}
