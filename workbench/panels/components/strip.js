const LOST = {
  key: "lost", tone: "error", title: "The connection to the server is lost",
  text: "What is shown may be old, and clicks do nothing. The page opens anew as soon as the server answers.", button: "Reload",
}
const BACK = {
  ...LOST, tone: "warn", title: "The server is back",
  text: "What you typed is still there, but it is not saved: copy it, then reload the page.",
}
const ASK_EVERY_MS = 2000
const ON_ITS_WAY_MS = 5000   // what was typed so shortly before the connection was lost may not have arrived

export function render({model, view}) {
  let lost = null   // the banner that says so
  let lost_at = 0
  let typed_at = 0
  const tabs = h("nav.tabs", {"aria-label": "Pages"})
  // Where "Skip to the content" goes, and what a screen reader calls the page.
  const heading = h("h1.visually-hidden", {tabindex: -1})
  const banners = h("div.banners", {"aria-live": "polite"})

  const show_tabs = () => {
    tabs.replaceChildren(...model.pages.map(({key, label, href}) => h("a.tab", {
      href,
      "aria-current": key === model.page ? "page" : null,
      onclick: (event) => {
        // A click with Ctrl, or the middle button, opens the page in a tab of its own, as with any link.
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) { return }
        event.preventDefault()
        model.send_msg({type: "go", page: key})
      },
    }, label)))
    tabs.querySelector("[aria-current]")?.scrollIntoView?.({block: "nearest", inline: "nearest"})
  }
  const show_title = () => {
    heading.textContent = model.pages.find(({key}) => key === model.page)?.label ?? ""
    document.title = `${model.title} · Command Center`
  }
  const show_banners = () => {
    const all = lost ? [lost, ...model.banners] : model.banners
    banners.replaceChildren(...all.map(({key, tone, title, text, button}) => h("div.banner", {role: "status", dataset: {key, tone}},
      icon(tone === "error" ? "error" : "warn", 22),
      h("div.words", {}, h("b", {}, title), h("span", {}, text)),
      button && h("button.button", {
        type: "button",
        onclick: () => (key === "lost" ? location.reload() : model.send_msg({type: "banner", key})),
      }, button))))
  }
  const themeless = (search) => {
    const named = new URLSearchParams(search)
    named.delete("theme")
    return String(named)
  }
  const show_address = () => {
    if (!model.address || model.address === location.search) { return }
    // Other colours are no other view: going back is for views.
    const same = themeless(model.address) === themeless(location.search)
    history[same ? "replaceState" : "pushState"](null, "", model.address)
  }
  const on_back = () => model.send_msg({type: "back", search: location.search})
  // The view that a bare address opened gets its full one without an entry of its own in the history.
  if (model.address && model.address !== location.search) { history.replaceState(null, "", model.address) }
  window.addEventListener("popstate", on_back)
  const on_skip = () => heading.focus()
  window.addEventListener("workbench:skip", on_skip)
  model.on("lifecycle:remove", () => {
    window.removeEventListener("popstate", on_back)
    window.removeEventListener("workbench:skip", on_skip)
  })
  model.on("address", show_address)
  const working = h("div.working", {role: "progressbar", "aria-label": "Working", hidden: true})
  let waiting = 0
  model.on("busy", () => {
    clearTimeout(waiting)
    if (model.busy) { waiting = setTimeout(() => { working.hidden = false }, 150) } else { working.hidden = true }
  })
  show_tabs()
  show_title()
  show_banners()
  model.on(["pages", "page"], show_tabs)
  model.on(["title", "page"], show_title)
  model.on("banners", show_banners)
  const dialogs = () => window[Symbol.for("workbench.dialogs")]
  const typed = () => dialogs()?.typed() || typed_at > lost_at - ON_ITS_WAY_MS
  const say = (banner) => {
    lost = banner
    show_banners()
    if (banner && dialogs()?.typed()) { dialogs().ask(`${banner.title}. ${BACK.text}`) }
  }
  /** Ask until the server answers, everybody at a moment of their own; then open the page anew, unless somebody types. */
  const come_back = () => setTimeout(async () => {
    if (lost !== LOST) { return }
    const there = await fetch(document.querySelector("script[src]").src, {method: "HEAD", cache: "no-store"}).catch(() => null)
    if (!there?.ok) {
      come_back()
    } else if (typed()) {
      say(BACK)
    } else {
      location.reload()
    }
  }, ASK_EVERY_MS * (1 + Math.random() / 2))
  document.addEventListener("input", () => { typed_at = Date.now() }, true)
  view.model.document?.on_event("connection_lost", () => {
    lost_at = Date.now()
    say(LOST)
    come_back()
  })
  view.model.document?.on_event("client_reconnected", () => say(null))
  return h("div.whole", {}, working, tabs, heading, banners)
}
