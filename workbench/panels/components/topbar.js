const MODES = {
  simulation: ["Simulation", "Sim", "Nothing leaves this machine: what is sent goes to the outbox folder."],
  live: ["LIVE", "LIVE", "Live mode: what is sent reaches real people."],
}

function mark() {
  // The product's sign: a tower's beam.
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 32 32")
  svg.setAttribute("width", "28")
  svg.setAttribute("height", "28")
  svg.setAttribute("aria-hidden", "true")
  for (const [d, opacity] of [["M16 3 29 10v12l-13 7-13-7V10z", ".22"], ["M16 8l8.500 4.600v6.800L16 24l-8.500-4.600v-6.800z", ".5"], ["M16 13l4 2.200v3.600L16 21l-4-2.200v-3.600z", "1"]]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
    path.setAttribute("d", d)
    path.setAttribute("fill", "currentColor")
    path.setAttribute("fill-opacity", opacity)
    svg.append(path)
  }
  return svg
}

function options(model) {
  const groups = new Map()
  for (const project of model.projects) {
    if (!groups.has(project.client)) { groups.set(project.client, []) }
    groups.get(project.client).push(h("option", {value: project.id}, project.name))
  }
  const grouped = [...groups].map(([client, items]) => (client ? h("optgroup", {label: client}, items) : items))
  return [h("option", {value: 0}, "All projects"), ...grouped]
}

function initials(name) {
  return name.split(/[\s._@-]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join("") || "?"
}

export function render({model}) {
  const select = h("select", {
    "aria-label": "Project",
    onchange: () => model.send_msg({type: "project", id: Number(select.value)}),
  })
  const mode = h("span.mode", {role: "status"})
  const pause = h("button.pause", {type: "button", onclick: () => model.send_msg({type: "pause"})})
  const person = h(model.sign_out ? "details.person" : "span.person", {
    onkeydown: (event) => { if (event.key === "Escape") { person.open = false } },
    onfocusout: (event) => { if (!person.contains(event.relatedTarget)) { person.open = false } },
  })
  const tell = (name) => window.dispatchEvent(new CustomEvent(`workbench:${name}`))
  const skip = h("a.skip", {href: "#", onclick: (event) => { event.preventDefault(); tell("skip") }}, "Skip to the content")
  const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘K" : "Ctrl K"
  const search = h("button.search", {
    type: "button", title: `Search projects, creatives and leads, or give a command (${keys})`, "aria-label": "Search",
    onclick: () => tell("palette"),
  }, icon("search", 18), h("span.wide", {}, "Search…"), h("kbd.wide", {}, keys))

  const show_projects = () => {
    select.replaceChildren(...options(model).flat())
    select.value = String(model.project_id)
    // A project that was just made may be chosen before its name has arrived.
    if (select.selectedIndex < 0) { select.value = "0" }
  }
  const show_mode = () => {
    const [label, short, hint] = MODES[model.mode] || MODES.simulation
    mode.className = `mode ${model.mode}`
    mode.title = hint
    mode.replaceChildren(icon(model.mode === "live" ? "bolt" : "cloud", 16),
      h("span.long", {}, label), h("span.short", {"aria-hidden": "true"}, short))
  }
  const show_pause = () => {
    const running = model.pause_state === "running"
    pause.className = `pause ${model.pause_state}`
    pause.disabled = !model.may_switch
    pause.title = model.pause_hint
    pause.replaceChildren(icon(running ? "pause" : "play", 18), h("span.wide", {}, running ? "Pause" : model.pause_state === "paused" ? "Paused: resume…" : model.pause_label))
  }
  const show_person = () => {
    person.title = `${model.person}, ${model.role}`
    const shown = [
      h("span.avatar", {"aria-hidden": "true"}, initials(model.person)),
      h("span.names", {}, h("b", {}, model.person), h("small", {}, model.role)),
    ]
    person.replaceChildren(...model.sign_out ? [
      h("summary", {"aria-label": person.title}, shown),
      h("div.menu", {}, person.title, h("a", {href: model.sign_out}, "Sign out")),
    ] : shown)
  }
  for (const show of [show_projects, show_mode, show_pause, show_person]) { show() }
  model.on(["projects", "project_id"], show_projects)
  model.on("mode", show_mode)
  model.on(["pause_state", "pause_label", "pause_hint", "may_switch"], show_pause)
  model.on(["person", "role"], show_person)
  return h("div.bar", {}, skip,
    h("a.brand", {href: "?", "aria-label": "Command Center"}, mark(), h("span.name", {}, "Command Center")),
    h("label.project", {}, h("span.visually-hidden", {}, "Project"), select),
    search, h("span.space"), mode, pause, person)
}
