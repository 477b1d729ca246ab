const WAYS = [
  {what: "project", sign: "campaign", title: "Create a project", button: "New project",
    text: "Write the brief for a client: goal, audience, constraints. A first strategy and drafts are written from it."},
  {what: "leads", sign: "people", title: "Import leads", button: "Import a CSV file",
    text: "A file from Apollo, HubSpot, LinkedIn, or any with names and addresses. Every row is accounted for."},
  {what: "demo", sign: "sparkle", title: "Look around with demo data", command: "workbench demo",
    text: "A believable agency with projects, leads and 90 days of activity. Nothing of it can be sent. In a terminal:"},
]

export function render({model}) {
  const ways = h("div.ways", {})
  const show = () => ways.replaceChildren(...WAYS.map(({what, sign, title, text, button, command}) => h("section.card.way", {},
    h("span.tone-accent", {}, icon(sign, 32)), h("h3", {}, title), h("p.muted", {}, text),
    command && h("code", {}, command),
    button && h("button.button", {
      type: "button", class: what === "project" ? "primary" : "", disabled: !model.may_write,
      onclick: () => model.send_msg({type: "choose", what}),
    }, button))))
  show()
  model.on("may_write", show)
  return h("div.first", {}, h("h2", {}, "Welcome. There are no projects yet."),
    h("p.muted", {}, "Start with one of these; the others can follow."), ways)
}
