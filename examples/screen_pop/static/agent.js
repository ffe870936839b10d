// An agent's page: listens to the events of the server and shows who is on the line.
// What people wrote goes into the page as text alone (textContent), never as markup, and each in an element that isolates its direction.
const agent = new URLSearchParams(location.search).get("agent") ?? "";
const current = document.getElementById("current");
const empty = document.getElementById("empty");
const earlier = document.getElementById("earlier");
const notice = document.getElementById("notice");
const state = document.getElementById("state");
const KEPT = 30; // earlier contacts in the list
const contacts = new Map(); // by the id of the interaction, in the order in which they came

const CHANNELS = { phone: "Phone", email: "Email", chat: "Chat", web: "Self-service", x: "X", letter: "Letter", sms: "Text message" };
const HUES = { phone: 145, email: 35, x: 215, web: 280, letter: 5, chat: 190 };
const WAYS = { inbound: "from them", outbound: "to them", internal: "internal" };
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const ago = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });

function make(tag, classes = "", ...children) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

/** What somebody else wrote: as text, its direction its own affair. */
function said(tag, text, classes = "") {
  const made = make(tag, `said ${classes}`.trim(), text);
  made.dir = "auto";
  return made;
}

function channelOf(name) {
  const chip = make("span", "channel", CHANNELS[name] ?? name);
  chip.style.setProperty("--hue", HUES[name] ?? [...name].reduce((sum, letter) => (sum * 17 + letter.codePointAt(0)) % 360, 7));
  return chip;
}

function sinceThen(text) {
  const minutes = Math.round((new Date(text) - Date.now()) / 60000);
  if (minutes > -60) return ago.format(Math.min(minutes, 0), "minute");
  return minutes > -1440 ? ago.format(Math.round(minutes / 60), "hour") : ago.format(Math.round(minutes / 1440), "day");
}

function timeOf(text, shown) {
  const made = make("time", "", shown ?? full.format(new Date(text)));
  made.dateTime = text;
  made.title = full.format(new Date(text));
  return made;
}

function titleOf(contact) {
  const brief = contact.brief;
  if (brief?.name) return brief.name;
  if (brief?.sure === "several") return "A shared line";
  if (contact.identifier) return contact.identifier.display;
  return "Number withheld";
}

function sureness(contact) {
  const brief = contact.brief;
  if (!brief) return ["nobody", "Nobody is known by what came with it"];
  if (brief.missing.includes("customer")) return ["nobody", "No time to find out who this is"];
  if (brief.sure === "several") return ["several", "Several people use this: ask who it is"];
  if (brief.sure === "nobody" || brief.contacts.length <= 1) return ["nobody", "First contact: nothing is known yet"];
  const [count, of] = [brief.verified.length, brief.identifiers.length];
  return ["one", of === 1 ? "One person, known by this alone" : `One person, ${count} of ${of} identifiers verified`];
}

function part(title, items, list = "ul") {
  return items.length ? make("section", "part", make("h3", "", title), make(list, "", ...items)) : null;
}

function identifiers(some) {
  return make("ul", "chips", ...some.map((one) => make("li", "", make("span", "kind", CHANNELS[one.scheme] ?? one.scheme), said("bdi", one.display))));
}

function card(contact) {
  const brief = contact.brief;
  const [sure, words] = sureness(contact);
  const made = make("article", `card ${sure}`);
  made.dataset.interaction = contact.interaction;
  made.append(
    make("p", "over", channelOf(contact.channel), timeOf(contact.at, clock.format(new Date(contact.at))), contact.agent ? said("span", `for ${contact.agent}`) : ""),
    said("h2", titleOf(contact)),
    make("p", "sure", words),
    contact.text ? said("blockquote", contact.text) : "",
  );
  if (!brief) return made;
  const refused = brief.consents.filter((one) => !one.granted);
  made.append(
    ...[
      brief.identifiers.length ? identifiers(brief.identifiers) : null,
      part("Who it may be", brief.candidates.map((one) => make("li", "person", identifiers(one.identifiers), make("p", "soft", "last ", timeOf(one.last_seen, sinceThen(one.last_seen)), " ", historyOf(one.customer))))),
      part(
        "Waits for an answer",
        brief.open_threads
          .filter((one) => one.interactions.at(-1) !== contact.interaction)
          .map((one) => make("li", "waits", make("p", "head", channelOf(one.channel), timeOf(one.since, sinceThen(one.since))), said("p", one.text ?? "Nobody picked up"))),
      ),
      part("Do not contact", refused.map((one) => make("li", "", said("span", `${one.purpose ?? "anything"} by ${one.channel ?? "any channel"}`)))),
      part(
        "Before",
        brief.contacts
          .filter((one) => one.interaction !== contact.interaction)
          .map((one) =>
            make(
              "li",
              one.direction,
              make("p", "head", channelOf(one.channel), make("span", "", WAYS[one.direction]), one.agent ? said("span", one.agent) : "", timeOf(one.at)),
              said("p", one.deleted ? "Deleted where it was written" : (one.text ?? (one.outcome ?? "No text").replaceAll("_", " "))),
            ),
          ),
        "ol",
      ),
      part("May also be", brief.suggestions.map((one) => make("li", "person", identifiers([one.b]), said("p", one.sentence, "soft")))),
    ].filter((one) => one !== null),
  );
  if (brief.missing.length) made.append(make("p", "soft", `Not read in time: ${brief.missing.join(", ")}`));
  if (brief.customer && brief.sure === "one") made.append(make("p", "foot", historyOf(brief.customer)));
  return made;
}

function historyOf(customer) {
  const link = make("a", "", "Whole history");
  link.href = `/history/${encodeURIComponent(customer)}`;
  link.target = "_blank";
  link.rel = "noopener";
  return link;
}

let chosen = null; // what the agent looks at, where it is not the latest

function show() {
  const all = [...contacts.values()].reverse();
  const looked = contacts.get(chosen) ?? all[0];
  current.replaceChildren(looked ? card(looked) : empty);
  document.title = looked ? `${titleOf(looked)} · Screen pop` : "Screen pop";
  earlier.hidden = all.length < 2;
  earlier.querySelector("ol").replaceChildren(
    ...all.map((one) => {
      const button = make("button", "", said("b", titleOf(one)), make("span", "head", channelOf(one.channel), timeOf(one.at, clock.format(new Date(one.at)))));
      button.type = "button";
      if (one === looked) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => {
        chosen = one === all[0] ? null : one.interaction;
        show();
      });
      return make("li", "", button);
    }),
  );
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = false;
}

async function again(interaction) {
  const response = await fetch(`/contacts/${encodeURIComponent(interaction)}`);
  if (response.ok) contacts.set(interaction, await response.json());
  else if (response.status === 404) contacts.delete(interaction);
}

const events = new EventSource(`/events?agent=${encodeURIComponent(agent)}`);
if (agent) document.getElementById("agent").textContent = agent;

function say(name, text) {
  state.dataset.state = name;
  state.textContent = text;
}
events.addEventListener("ready", () => say("live", "Listening"));
events.addEventListener("error", () => say("waiting", "Connecting again"));
events.addEventListener("gap", () => tell("This page was away for longer than the feed is kept. Earlier contacts may be missing."));
events.addEventListener("contact", (event) => {
  const contact = JSON.parse(event.data);
  contacts.set(contact.interaction, contact);
  if (contacts.size > KEPT) contacts.delete(contacts.keys().next().value);
  chosen = null;
  show();
});
events.addEventListener("changed", async (event) => {
  const { customers } = JSON.parse(event.data);
  const touched = [...contacts.values()].filter((one) => one.brief && customers.includes(one.brief.customer));
  await Promise.all(touched.map((one) => again(one.interaction)));
  if (touched.length) show();
});
events.addEventListener("erased", async (event) => {
  const gone = JSON.parse(event.data);
  for (const one of [...contacts.values()]) {
    if (gone.interactions.includes(one.interaction) || gone.customers.includes(one.brief?.customer)) contacts.delete(one.interaction);
  }
  await Promise.all([...contacts.keys()].map(again)); // others may have named the person
  show();
});
