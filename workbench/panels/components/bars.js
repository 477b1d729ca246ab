const WIDTH = 720
const HEIGHT = 190
const LEFT = 44
const BOTTOM = 24

function shape(tag, attributes, ...children) {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) { el.setAttribute(name, value) }
  return add(el, children)
}

/** The smallest 1, 2 or 5 times a power of ten that is at least the value. */
function round_up(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return [1, 2, 5, 10].map(step => step * power).find(top => top >= value)
}

export function render({model}) {
  const box = h("div.box.card", {})

  function show() {
    const sums = model.labels.map((_, at) => model.series.reduce((sum, one) => sum + one.values[at], 0))
    if (Math.max(0, ...sums) === 0) {
      box.replaceChildren(h("h2", {}, model.heading), h("p.muted", {}, model.empty))
      return
    }
    const top = round_up(Math.max(...sums))
    const step = (WIDTH - LEFT) / model.labels.length
    const y = value => (HEIGHT - BOTTOM) - value / top * (HEIGHT - BOTTOM - 12)
    const parts = [0, top / 2, top].map(value => [
      shape("line", {x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value), class: "rule"}),
      shape("text", {x: LEFT - 6, y: y(value) + 4, "text-anchor": "end"}, value.toLocaleString("en")),
    ])
    const every = Math.ceil(model.labels.length / 8)
    model.labels.forEach((label, at) => {
      let below = 0
      for (const one of model.series) {
        const value = one.values[at]
        if (value > 0) {
          parts.push(shape("rect", {x: LEFT + at * step + 1, width: Math.max(1, step - 2), y: y(below + value), height: Math.max(1, y(below) - y(below + value)), class: `bar bar-${one.tone}`},
            shape("title", {}, `${label}: ${value.toLocaleString("en")} ${one.name}`)))
        }
        below += value
      }
      if (at % every === 0) { parts.push(shape("text", {x: LEFT + (at + .5) * step, y: HEIGHT - 6, "text-anchor": "middle"}, label)) }
    })
    const told = model.series.map(one => `${one.values.reduce((sum, value) => sum + value, 0).toLocaleString("en")} ${one.name}`).join(", ")
    const rows = model.labels.map((label, at) => h("tr", {}, h("th", {scope: "row"}, label), model.series.map(one => h("td", {}, one.values[at].toLocaleString("en")))))
    box.replaceChildren(
      h("h2", {}, model.heading),
      shape("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${model.heading}: ${told}`}, parts),
      h("div.legend", {}, model.series.map(one => h("span", {}, h("i.key", {dataset: {tone: one.tone}}), one.name))),
      h("details", {}, h("summary", {}, "As a table"), h("div.scroll", {tabindex: 0}, h("table", {},
        h("thead", {}, h("tr", {}, h("th", {scope: "col"}, "Day"), model.series.map(one => h("th", {scope: "col"}, one.name)))), h("tbody", {}, rows)))))
  }

  show()
  model.on(["labels", "series", "heading", "empty"], show)
  return box
}
