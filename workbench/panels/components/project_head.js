export function render({model}) {
  const words = h("div.words", {})
  const send = (type) => () => model.send_msg({type})
  const follow = h("button.button.text", {type: "button", onclick: send("follow")})
  const pause = h("button.button", {type: "button", onclick: send("switch")})
  const show = () => {
    words.replaceChildren(
      h("div", {},
        h("h2", {}, model.title), " ",
        h("span.muted", {}, model.client), " ",
        model.paused && h("span.chip", {dataset: {tone: "warn"}}, "Paused")),
      h("span.hint", {}, model.hint))
    follow.textContent = model.waiting
    follow.hidden = !model.waiting
    pause.textContent = model.switch
    pause.className = `button ${model.paused ? "tone-ok" : "tone-error"}`
    pause.disabled = !model.may_switch
  }
  show()
  model.on(["title", "client", "paused", "hint", "waiting", "switch", "may_switch"], together(show))
  return h("div.head", {}, words, follow, pause)
}
