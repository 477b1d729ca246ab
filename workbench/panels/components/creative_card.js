// A creative as its platform shows it. Nothing here talks to the server.

const PREVIEW_LOGOS = {linkedin: "in", twitter: "X", email: "@"}
// What the platforms set apart in a text: links, hashtags, people, and what an e-mail fills in.
const MARKED = /(https?:\/\/[^\s]+|\{\{[^{}]*\}\}|(?<![\p{L}\p{N}_])[#@][\p{L}\p{N}_]+)/gu

function logo_el(platform) {
  return h("span.logo", {class: platform, "aria-hidden": "true"}, PREVIEW_LOGOS[platform] || "?")
}

function initial_el(author) {
  return h("span.avatar", {"aria-hidden": "true"}, [...(author || "?")][0].toUpperCase())
}

/** The text as the platform colours it: every part a text node. */
function words_el(item, text) {
  return text.split(MARKED).map((part, number) => {
    if (number % 2 === 0) { return part }
    const slot = part.startsWith("{{")
    if (slot !== (item.platform === "email")) { return part }
    return h("span", {class: slot ? "slot" : "marked"}, part)
  })
}

/** The text, cut off where the feed cuts it, with the button that shows the rest. */
function text_el(item, open, toggle) {
  const text = item.post
  if (!text) { return h("div.body.muted", {}, "Nothing written yet.") }
  const cut = item.fold !== null && !open
  const more = item.fold !== null && toggle && h("button.more", {
    type: "button", "aria-expanded": String(open), tabindex: -1,
    title: `${item.platform === "linkedin" ? "The feed" : "This card"} ${open ? "shows less" : "cuts the text off here"}`, onclick: toggle,
  }, open ? "show less" : "…more")
  return h("div.body", {}, words_el(item, cut ? text.slice(0, item.fold).trimEnd() : text), " ", more)
}

function when_words(item, zone) {
  return item.when ? clock(item.when, zone, {weekday: "short", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit"}) : "no time yet"
}

function when_el(item, zone) {
  return h("span", {title: item.when ? both_clocks(item.when, zone) : null}, when_words(item, zone))
}

function feed_el(item, zone, chip, open, toggle) {
  const x = item.platform === "twitter"
  return [
    item.title && h("div.note", {title: "A name for you: it is not posted"}, item.title),
    h("div.who", {}, x ? initial_el(item.author) : h("span.avatar.square", {"aria-hidden": "true"}, [...(item.author || "?")][0].toUpperCase()),
      h("div.by", {}, h("div.author", {}, item.author), h("div.where", {}, `${PLATFORMS[item.platform]} · `, when_el(item, zone))),
      chip, logo_el(item.platform)),
    text_el(item, open, toggle),
    h("div.doings", {"aria-hidden": "true"}, (x ? ["Reply", "Repost", "Like", "View"] : ["Like", "Comment", "Repost", "Send"]).map((word) => h("span", {}, word))),
  ]
}

function letter_el(item, zone, chip, open, toggle) {
  const subject = item.title || "(no subject)"
  return [
    h("div.inbox", {title: "As a row of the inbox"}, initial_el(item.author),
      h("div.by", {}, h("div.author", {}, item.author),
        h("div.row", {}, h("b", {}, subject), h("span.snippet", {}, ` – ${item.post.replace(/\s+/g, " ").slice(0, 120)}`))),
      chip, logo_el("email")),
    h("div.letter", {},
      h("div.subject", {}, words_el(item, `Subject: ${item.title || "(none)"}`)),
      h("div.where", {}, "Email · ", when_el(item, zone)),
      text_el(item, open, toggle)),
  ]
}

/** ``open``: whether the whole text shows; ``toggle`` is called by the button that changes it. */
function preview_el(item, zone, open, toggle) {
  const chip = item.stale && h("span.chip.stale", {
    dataset: {tone: "warn"}, title: "Made from another strategy than the one in force. Edit, regenerate or confirm it.",
  }, "stale")
  const parts = item.platform === "email" ? letter_el(item, zone, chip, open, toggle) : feed_el(item, zone, chip, open, toggle)
  return h("div.preview", {class: item.platform}, parts)
}
