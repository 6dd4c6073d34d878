// The live page's script: it follows the state variables and sends the forms as SOAP calls (see live_page.py).
// Settings come from data- attributes, and values are written as text only.

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const ENCODING = "http://schemas.xmlsoap.org/soap/encoding/";
const POLL_SECONDS = 60; // a device answers after 25 s
const CALL_SECONDS = 35; // a device has 30 s for an action (UDA 2.0 §3.2.2)
const PAUSE_SECONDS = 0.1; // at most ten polls a second
const LONGEST_WAIT_SECONDS = 30;
const GLOW_SECONDS = 1.5;

const main = document.querySelector("main");
const connection = document.getElementById("connection");
const sections = new Map([...document.querySelectorAll("section")].map((section) => [section.dataset.control, section]));

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const isTrue = (text) => ["1", "true", "yes"].includes(text.trim().toLowerCase());
const shown = (text, type) => (type === "boolean" ? (isTrue(text) ? "on" : "off") : text);

function showRow(row, text) {
  if (row.dataset.value === text) return;
  row.dataset.value = text;
  row.hidden = false;
  row.closest("table").hidden = false;
  row.querySelector("td").textContent = shown(text, row.dataset.type);
  row.classList.add("changed");
  setTimeout(() => row.classList.remove("changed"), GLOW_SECONDS * 1000);
}

// An input that nobody has touched shows the present value of its variable.
function followValue(input, text) {
  if (input.dataset.touched) return;
  if (input.type === "checkbox") input.checked = isTrue(text);
  else if (input.tagName !== "SELECT" || [...input.options].some((option) => option.value === text)) input.value = text;
  pair(input);
}

function showState(services) {
  for (const [control, values] of Object.entries(services)) {
    const section = sections.get(control);
    if (!section) continue;
    const texts = new Map(Object.entries(values));
    for (const row of section.querySelectorAll("[data-variable]")) {
      if (texts.has(row.dataset.variable)) showRow(row, texts.get(row.dataset.variable));
    }
    for (const input of section.querySelectorAll("[data-follows]")) {
      if (texts.has(input.dataset.follows)) followValue(input, texts.get(input.dataset.follows));
    }
  }
}

let version = main.dataset.version;
let poll = new AbortController();

document.addEventListener("visibilitychange", () => {
  if (document.hidden) poll.abort();
});

async function untilVisible() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

async function request(url, options, seconds, abort) {
  const timer = setTimeout(() => abort.abort(), seconds * 1000);
  try {
    const response = await fetch(url, { cache: "no-store", redirect: "error", signal: abort.signal, ...options });
    return [response, await response.text()];
  } finally {
    clearTimeout(timer);
  }
}

async function nextState() {
  poll = new AbortController();
  const query = version ? `?after=${encodeURIComponent(version)}` : "";
  const [response, text] = await request(main.dataset.state + query, {}, POLL_SECONDS, poll);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return JSON.parse(text);
}

// A page is loaded anew once for each configuration, so that this cannot go on for ever.
function isReloading(config) {
  const target = config === main.dataset.config ? null : config;
  if (history.state === target) return false;
  history.replaceState(target, "");
  if (target) location.reload();
  return target !== null;
}

function showConnection(isLost) {
  main.classList.toggle("lost", isLost);
  connection.classList.toggle("trouble", isLost);
  const text = isLost ? "The device does not answer. Trying again…" : "";
  if (connection.textContent !== text) connection.textContent = text;
}

async function followState() {
  let failures = 0;
  for (;;) {
    await untilVisible();
    try {
      const state = await nextState();
      if (isReloading(String(state.config))) return;
      version = state.version;
      failures = 0;
      showConnection(false);
      showState(state.services);
      await sleep(PAUSE_SECONDS);
    } catch (error) {
      if (document.hidden) continue;
      console.info(error);
      showConnection(true);
      await sleep(Math.min(LONGEST_WAIT_SECONDS, 2 ** failures++));
    }
  }
}

// The text on the wire. Browsers leave out seconds that are 0.
function wireText(input) {
  if (input.type === "checkbox") return input.checked ? "1" : "0";
  if (["time", "datetime-local"].includes(input.type)) return input.value.replace(/((^|T)\d\d:\d\d)$/, "$1:00");
  return input.value;
}

function envelope(type, action, inputs) {
  const xml = document.implementation.createDocument(SOAP, "s:Envelope");
  const call = xml.createElementNS(type, `u:${action}`);
  for (const input of inputs) {
    const argument = xml.createElementNS(null, input.dataset.argument);
    argument.textContent = wireText(input);
    call.append(argument);
  }
  const body = xml.createElementNS(SOAP, "s:Body");
  body.append(call);
  xml.documentElement.setAttributeNS(SOAP, "s:encodingStyle", ENCODING);
  xml.documentElement.append(body);
  return `<?xml version="1.0" encoding="utf-8"?>\n${new XMLSerializer().serializeToString(xml)}`;
}

function fault(response, xml) {
  const text = (name) => (xml.getElementsByTagNameNS("*", name)[0] || {}).textContent || "";
  const code = text("errorCode").trim();
  if (code) return `Error ${code}: ${text("errorDescription").trim()}`;
  return `Error: HTTP ${response.status} ${response.statusText}`;
}

function say(form, text, isFault) {
  const message = form.querySelector(".message");
  message.textContent = text;
  message.hidden = !text;
  message.classList.toggle("fault", isFault);
}

function showResult(form, result) {
  const texts = new Map([...result.children].map((element) => [element.localName, element.textContent]));
  const list = form.querySelector(".result dl");
  if (list) {
    for (const cell of list.querySelectorAll("[data-argument]")) {
      cell.textContent = shown(texts.get(cell.dataset.argument) || "", cell.dataset.type);
    }
    list.hidden = false;
  }
  say(form, list ? "" : "Done.", false);
}

async function callAction(form) {
  const section = form.closest("section");
  const type = section.dataset.service;
  const action = form.dataset.action;
  const inputs = [...form.querySelectorAll(".field [data-argument]")];
  const headers = { "Content-Type": 'text/xml; charset="utf-8"', SOAPACTION: `"${type}#${action}"` };
  const options = { method: "POST", headers, body: envelope(type, action, inputs) };
  const [response, text] = await request(section.dataset.control, options, CALL_SECONDS, new AbortController());
  const xml = new DOMParser().parseFromString(text, "text/xml");
  const result = xml.getElementsByTagNameNS("*", `${action}Response`)[0];
  if (!response.ok || !result) return say(form, fault(response, xml), true);
  for (const input of inputs) delete input.dataset.touched;
  showResult(form, result);
}

async function submit(form) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const list = form.querySelector(".result dl");
  if (list) list.hidden = true;
  say(form, "", false);
  try {
    await callAction(form);
  } catch (error) {
    say(form, `The device did not answer (${error.message}).`, true);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// A number and its slider show the same value.
function pair(input) {
  const other = document.getElementById(input.dataset.pair);
  if (other) other.value = input.value;
  return other;
}

for (const form of document.querySelectorAll("form[data-action]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
  form.addEventListener("input", (event) => {
    (pair(event.target) || event.target).dataset.touched = event.target.dataset.touched = "1";
  });
  form.querySelector("fieldset").disabled = false;
}

followState();
