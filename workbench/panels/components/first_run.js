const WAYS = [
  {what: "project", sign: "campaign", title: "Create a project", button: "New project",
    text: "Write the brief for a client: goal, audience, constraints. A first strategy and drafts are written from it."},
  {what: "leads", sign: "people", title: "Import leads", button: "Import a CSV file",
    text: "A file from Apollo, HubSpot, LinkedIn, or any with names and addresses. Every row is accounted for."},
  {what: "demo", sign: "sparkle", title: "Look around with demo data", button: "Load the demo…",
    text: "A believable agency with projects, leads and 90 days of activity. Nothing of it can be sent."},
]

export function render({model}) {
  const ways = h("div.ways", {})
  const may = (what) => (what === "demo" ? model.may_load : model.may_write)
  const show = () => ways.replaceChildren(...WAYS.map(({what, sign, title, text, button}) => h("section.card.way", {},
    h("span.tone-accent", {}, icon(sign, 32)), h("h3", {}, title), h("p.muted", {}, text),
    h("button.button", {
      type: "button", class: what === "project" ? "primary" : "", disabled: !may(what) || (what !== "demo" && Boolean(model.progress)),
      title: may(what) ? null : what === "demo" ? model.why_not : "This needs the role operator.",
      onclick: () => model.send_msg({type: "choose", what}),
    }, what === "demo" && model.progress ? model.progress : button))))
  show()
  model.on(["may_write", "may_load", "why_not", "progress"], show)
  return h("div.first", {}, h("h2", {}, "Welcome. There are no projects yet."),
    h("p.muted", {}, "Start with one of these; the others can follow."), ways)
}
