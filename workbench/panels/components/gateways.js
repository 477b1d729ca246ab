export function render({model}) {
  const list = h("ul.list", {})
  const all = h("button.button.small", {type: "button", onclick: () => model.send_msg({type: "probe", key: ""})}, "Probe all")

  function entry(one) {
    const probed = one.checked_at
      ? [h("time", {datetime: one.checked_at, title: both_clocks(one.checked_at, model.zone)}, `probed ${ago(one.checked_at)}`), one.latency_ms !== null && `${Math.round(one.latency_ms)} ms`]
      : [one.status === "unconfigured" ? null : "never probed"]
    const facts = [...probed, ...one.facts].filter(Boolean)
    return h("li.entry", {dataset: {key: one.key}},
      h("span.dot", {class: one.status, "aria-hidden": "true"}),
      h("div.words", {},
        h("div.name", {}, one.label, " ", h("span.chip", {dataset: {tone: {ok: "ok", warn: "warn", down: "error"}[one.status] || ""}}, one.status),
          one.paused && h("span.chip", {dataset: {tone: "warn"}}, "paused"),
          h("span.acts", {},
            one.status !== "unconfigured" && h("button.button.small", {
              type: "button", disabled: !model.may_act || model.probing, "aria-label": `Probe ${one.label}`,
              onclick: () => model.send_msg({type: "probe", key: one.key}),
            }, "Probe"),
            one.pausable && h("button.button.small", {
              type: "button", disabled: !model.may_act, "aria-label": `${one.paused ? "Resume" : "Pause"} ${one.label}`,
              onclick: () => model.send_msg({type: "switch", key: one.key}),
            }, one.paused ? "Resume" : "Pause"))),
        h("div.detail", {}, one.detail),
        h("div.facts", {}, facts.map((fact, index) => [index > 0 && " · ", fact]))))
  }

  function show() {
    all.disabled = !model.may_act || model.probing
    all.textContent = model.probing ? "Probing…" : "Probe all"
    list.replaceChildren(...model.gateways.map(entry))
  }

  show()
  model.on(["gateways", "may_act", "probing", "zone"], show)
  const timer = setInterval(() => {
    for (const el of list.querySelectorAll("time")) { el.textContent = `probed ${ago(el.dateTime)}` }
  }, 30000)
  model.on("lifecycle:remove", () => clearInterval(timer))
  return h("section.card.box", {"aria-label": "Gateways"}, h("div.head", {}, h("h2", {}, "Gateways"), all), list)
}
