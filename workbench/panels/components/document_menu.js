const TYPES = {md: "text/markdown;charset=utf-8", html: "text/html;charset=utf-8"}

export function render({model}) {
  const check = (label) => {
    const box = h("input", {type: "checkbox"})
    return [box, h("label.choice", {}, box, label)]
  }
  const [brief, brief_line] = check("With the brief")
  const [decisions, decisions_line] = check("With the decisions")
  const make = (kind, words) => h("button.button", {
    type: "button",
    onclick: () => { close(true); model.send_msg({type: "make", kind, brief: brief.checked, decisions: decisions.checked}) },
  }, words)
  const panel = h("div.panel.card", {role: "group", "aria-label": "Save or print", hidden: true},
    brief_line, decisions_line,
    make("print", "Print or save as PDF…"), make("html", "Web page (.html)"), make("md", "Markdown (.md)"))
  const button = h("button.button", {
    type: "button", "aria-expanded": "false", disabled: model.disabled,
    onclick: () => panel.hidden ? open() : close(true),
  }, "Save or print")
  const frame = h("div.menu", {
    onkeydown: (event) => {
      if (event.key === "Escape" && !panel.hidden) { event.stopPropagation(); close(true) }
    },
  }, button, panel)

  const outside = (event) => { if (!event.composedPath().includes(frame)) { close(false) } }
  function open() {
    panel.hidden = false
    button.setAttribute("aria-expanded", "true")
    // It must not reach beyond the window on either side.
    panel.style.insetInlineEnd = "auto"
    const {right} = panel.getBoundingClientRect()
    if (right > document.documentElement.clientWidth - 8) { panel.style.insetInlineEnd = "0" }
    brief.focus()
    document.addEventListener("pointerdown", outside, true)
    document.addEventListener("focusin", outside, true)
  }
  function close(back) {
    panel.hidden = true
    button.setAttribute("aria-expanded", "false")
    document.removeEventListener("pointerdown", outside, true)
    document.removeEventListener("focusin", outside, true)
    if (back) { button.focus() }
  }

  function print(name, text) {
    // A frame of its own, in which nothing runs.
    const src = URL.createObjectURL(new Blob([text], {type: TYPES.html}))
    const sheet = h("iframe.sheet", {sandbox: "allow-same-origin allow-modals", title: name, "aria-hidden": "true", tabindex: -1, src})
    sheet.addEventListener("load", () => {
      // The browser names the PDF after the page that prints.
      const title = document.title
      document.title = name
      sheet.contentWindow.print()
      document.title = title
      setTimeout(() => { sheet.remove(); URL.revokeObjectURL(src) }, 60000)
    })
    frame.append(sheet)
  }

  model.on("disabled", () => { button.disabled = model.disabled })
  model.on("msg:custom", ({type, kind, name, text}) => {
    if (type !== "made") { return }
    if (kind === "print") { print(name, text) } else { save_file(name, text, TYPES[kind]) }
  })
  model.on("lifecycle:remove", () => close(false))
  return frame
}
