// Shared by every component: building DOM without ever parsing a string as HTML, icons, and times.

/** h("button.primary", {onclick, "aria-label": "Go"}, "text", child): strings become text nodes, null is left out. */
function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".")
  const el = document.createElement(tag)
  if (classes.length) { el.className = classes.join(" ") }
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) { continue }
    if (name.startsWith("on")) {
      el.addEventListener(name.slice(2), value)
    } else if (name === "class") {
      el.className = `${el.className} ${value}`.trim()
    } else if (name === "dataset") {
      Object.assign(el.dataset, value)
    } else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") {
      el[name] = value
    } else {
      el.setAttribute(name, value === true ? "" : String(value))
    }
  }
  add(el, children)
  return el
}

function add(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) { continue }
    el.append(child instanceof Node ? child : document.createTextNode(String(child)))
  }
  return el
}

/** ``show`` for values that change together, which arrive one by one: one drawing, of all of them, serves them all. */
function together(show) {
  let waiting = false
  return () => {
    if (waiting) { return }
    waiting = true
    queueMicrotask(() => { waiting = false; show() })
  }
}

/** Let the browser save ``text``, or the parts of one, as a file of this ``type``. */
function save_file(name, text, type) {
  const address = URL.createObjectURL(new Blob([text].flat(), {type}))
  h("a", {href: address, download: name}).click()
  setTimeout(() => URL.revokeObjectURL(address), 60000)
}

/** What lets an element be dragged: ``take`` when it leaves the ground, ``leave`` when it is down again, wherever. */
function drag_source(text, take, leave) {
  return {
    ondragstart: (event) => {
      take()
      event.dataTransfer.effectAllowed = "move"
      event.dataTransfer.setData("text/plain", text)
      event.currentTarget.classList.add("flying")
    },
    ondragend: (event) => {
      event.currentTarget.classList.remove("flying")
      leave()
    },
  }
}

/** What makes an element a place to drop on while ``flying`` says that something is in the air. */
function drop_target(flying, drop) {
  return {
    ondragover: (event) => {
      if (!flying()) { return }
      event.preventDefault()
      event.currentTarget.classList.add("target")
    },
    ondragleave: (event) => {
      if (!event.currentTarget.contains(event.relatedTarget)) { event.currentTarget.classList.remove("target") }
    },
    ondrop: (event) => {
      event.preventDefault()
      event.currentTarget.classList.remove("target")
      drop()
    },
  }
}

// Shapes of 24 × 24 from Google's Material icons (Apache-2.0), drawn as paths so that no font or file is fetched.
const ICONS = {
  add: "M19 13h-6v6h-2v-6H5v-2h6V5h2v6h6v2z",
  approval: "M16.54 11 13 7.46l1.41-1.41 2.12 2.12 4.24-4.24 1.41 1.41L16.54 11zM11 7H2v2h9V7zm10 6.41L19.59 12 17 14.59 14.41 12 13 13.41 15.59 16 13 18.59 14.41 20 17 17.41 19.59 20 21 18.59 18.41 16 21 13.41zM11 15H2v2h9v-2z",
  arrow: "M12 4l-1.41 1.41L16.17 11H4v2h12.17l-5.58 5.59L12 20l8-8z",
  bolt: "M11 21h-1l1-7H6.5c-.58 0-.57-.32-.38-.66.19-.34.05-.08.07-.12C7.48 10.94 9.42 7.54 12 3h1l-1 7h4.5c.49 0 .56.33.47.51l-.07.15C12.96 17.55 11 21 11 21z",
  campaign: "M18 11v2h4v-2h-4zm-2 6.61c.96.71 2.21 1.65 3.2 2.39.4-.53.8-1.07 1.2-1.6-.99-.74-2.24-1.68-3.2-2.4-.4.54-.8 1.08-1.2 1.61zM20.4 5.6c-.4-.53-.8-1.07-1.2-1.6-.99.74-2.24 1.68-3.2 2.4.4.53.8 1.07 1.2 1.6.96-.72 2.21-1.65 3.2-2.4zM4 9c-1.1 0-2 .9-2 2v2c0 1.1.9 2 2 2h1v4h2v-4h1l5 3V6L8 9H4zm11.500 3c0-1.330-.580-2.530-1.500-3.350v6.690c.920-.810 1.500-2.010 1.500-3.340z",
  check: "M12 2C6.48 2 2 6.480 2 12s4.480 10 10 10 10-4.480 10-10S17.520 2 12 2zm-2 15-5-5 1.410-1.410L10 14.170l7.590-7.590L19 8l-9 9z",
  clock: "M11.990 2C6.470 2 2 6.480 2 12s4.470 10 9.990 10C17.520 22 22 17.520 22 12S17.520 2 11.990 2zM12 20c-4.420 0-8-3.580-8-8s3.580-8 8-8 8 3.580 8 8-3.580 8-8 8zm.5-13H11v6l5.250 3.150.750-1.230-4.500-2.670z",
  close: "M19 6.410 17.590 5 12 10.590 6.410 5 5 6.410 10.590 12 5 17.590 6.410 19 12 13.410 17.590 19 19 17.590 13.410 12z",
  cloud: "M19.350 10.040C18.670 6.590 15.640 4 12 4c-1.480 0-2.850.430-4.010 1.170l1.460 1.460C10.210 6.230 11.080 6 12 6c3.040 0 5.500 2.460 5.500 5.500v.500H19c1.660 0 3 1.340 3 3 0 1.130-.640 2.110-1.560 2.620l1.450 1.450C23.160 18.160 24 16.680 24 15c0-2.640-2.050-4.780-4.650-4.960zM3 5.270l2.750 2.740C2.560 8.150 0 10.770 0 14c0 3.310 2.690 6 6 6h11.730l2 2L21 20.730 4.270 4 3 5.270zM7.730 10l8 8H6c-2.210 0-4-1.790-4-4s1.790-4 4-4h1.730z",
  edit: "M3 17.250V21h3.750L17.810 9.940l-3.750-3.750L3 17.250zM20.710 7.040c.390-.390.390-1.020 0-1.410l-2.340-2.340c-.390-.390-1.020-.390-1.410 0l-1.830 1.830 3.750 3.750 1.830-1.830z",
  error: "M12 2C6.480 2 2 6.480 2 12s4.480 10 10 10 10-4.480 10-10S17.520 2 12 2zm1 15h-2v-2h2v2zm0-4h-2V7h2v6z",
  help: "M12 2C6.480 2 2 6.480 2 12s4.480 10 10 10 10-4.480 10-10S17.520 2 12 2zm1 17h-2v-2h2v2zm2.070-7.750-.900.920C13.450 12.900 13 13.500 13 15h-2v-.500c0-1.100.450-2.100 1.170-2.830l1.240-1.260c.370-.360.590-.860.590-1.410 0-1.100-.900-2-2-2s-2 .900-2 2H8c0-2.210 1.790-4 4-4s4 1.790 4 4c0 .880-.360 1.680-.930 2.250z",
  inbox: "M19 3H4.990c-1.110 0-1.980.890-1.980 2L3 19c0 1.100.880 2 1.990 2H19c1.100 0 2-.900 2-2V5c0-1.110-.900-2-2-2zm0 12h-4c0 1.660-1.350 3-3 3s-3-1.340-3-3H4.990V5H19v10z",
  info: "M12 2C6.480 2 2 6.480 2 12s4.480 10 10 10 10-4.480 10-10S17.520 2 12 2zm1 15h-2v-6h2v6zm0-8h-2V7h2v2z",
  left: "M15.410 7.410 14 6l-6 6 6 6 1.410-1.410L10.830 12z",
  pause: "M6 19h4V5H6v14zm8-14v14h4V5h-4z",
  people: "M16 11c1.660 0 2.990-1.340 2.990-3S17.660 5 16 5c-1.660 0-3 1.340-3 3s1.340 3 3 3zm-8 0c1.660 0 2.990-1.340 2.990-3S9.660 5 8 5C6.340 5 5 6.340 5 8s1.340 3 3 3zm0 2c-2.330 0-7 1.170-7 3.500V19h14v-2.500c0-2.330-4.670-3.500-7-3.500zm8 0c-.290 0-.620.020-.970.050 1.160.840 1.970 1.970 1.970 3.450V19h6v-2.500c0-2.330-4.670-3.500-7-3.500z",
  person: "M12 12c2.210 0 4-1.790 4-4s-1.790-4-4-4-4 1.790-4 4 1.790 4 4 4zm0 2c-2.670 0-8 1.340-8 4v2h16v-2c0-2.660-5.330-4-8-4z",
  play: "M8 5v14l11-7z",
  reply: "M10 9V5l-7 7 7 7v-4.100c5 0 8.500 1.600 11 5.100-1-5-4-10-11-11z",
  right: "M10 6 8.590 7.410 13.170 12l-4.580 4.590L10 18l6-6z",
  search: "M15.500 14h-.790l-.280-.270C15.410 12.590 16 11.110 16 9.500 16 5.910 13.090 3 9.500 3S3 5.910 3 9.500 5.910 16 9.500 16c1.610 0 3.090-.590 4.230-1.570l.270.280v.790l5 4.990L20.490 19l-4.990-5zm-6 0C7.010 14 5 11.990 5 9.500S7.010 5 9.500 5 14 7.010 14 9.500 11.990 14 9.500 14z",
  send: "M2.010 21 23 12 2.010 3 2 10l15 2-15 2z",
  sparkle: "m19 9 1.250-2.750L23 5l-2.750-1.250L19 1l-1.250 2.750L15 5l2.750 1.250L19 9zm-7.500.500L9 4 6.500 9.500 1 12l5.500 2.500L9 20l2.500-5.500L17 12l-5.500-2.500zM19 15l-1.250 2.750L15 19l2.750 1.250L19 23l1.250-2.750L23 19l-2.750-1.250L19 15z",
  star: "M12 17.270 18.180 21l-1.640-7.030L22 9.240l-7.190-.610L12 2 9.190 8.630 2 9.240l5.460 4.730L5.820 21z",
  trend: "m16 6 2.290 2.290-4.880 4.880-4-4L2 16.590 3.410 18l6-6 4 4 6.300-6.290L22 12V6z",
  warn: "M1 21h22L12 2 1 21zm12-3h-2v-2h2v2zm0-4h-2v-4h2v4z",
}

function icon(name, size = 20) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("width", size)
  svg.setAttribute("height", size)
  svg.setAttribute("fill", "currentColor")
  svg.setAttribute("aria-hidden", "true")
  svg.setAttribute("class", "icon")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", ICONS[name] || ICONS.info)
  svg.append(path)
  return svg
}

const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]]

/** "5 min. ago", "in 3 hr.", "now". */
function ago(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000
  const format = new Intl.RelativeTimeFormat("en", {style: "short", numeric: "auto"})
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) { return format.format(Math.trunc(seconds / size), unit) }
  }
  return "just now"
}

/** A time in the zone given (the browser's own without one); ``parts`` are Intl.DateTimeFormat options. */
function clock(iso, zone, parts = {day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"}) {
  const options = {hour12: false, ...parts, ...(zone ? {timeZone: zone} : {})}
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(iso))
}

/** The hover text of a time: the zone's wall time, and UTC. */
function both_clocks(iso, zone) {
  const full = {weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit"}
  const utc = clock(iso, "UTC", full)
  return zone && zone !== "UTC" ? `${clock(iso, zone, full)} (${zone})\n${utc} UTC` : `${utc} UTC`
}

/** <time> whose text is what is given, with both clocks on hover. */
function time_el(iso, zone, shown) {
  return h("time", {datetime: iso, title: both_clocks(iso, zone)}, shown)
}

const PLATFORMS = {linkedin: "LinkedIn", twitter: "X", email: "Email"}
