export function render({model}) {
  const row = h("div.row", {role: "group", "aria-label": "What needs attention"})
  const show = () => {
    const focused = row.getRootNode().activeElement?.dataset.key
    row.replaceChildren(...model.cards.map((card) => h("button.card", {
      type: "button", dataset: {key: card.key, tone: card.tone}, title: card.hint,
      "aria-label": `${card.label}: ${card.value}. ${card.detail}`,
      onclick: () => model.send_msg({type: "open", key: card.key}),
    },
      h("span.sign", {}, icon(card.icon, 26)),
      h("span.words", {},
        h("span.label", {}, card.label),
        h("span.line", {}, h("span.value", {}, card.value), h("span.detail", {}, card.detail))))))
    if (focused) { row.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus() }
  }
  show()
  model.on("cards", show)
  return row
}
