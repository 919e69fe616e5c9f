// The page around what is compiled from Rust: `Service` sends every request.
import init, { Service } from "./pkg/page.js";

const part = (id) => document.getElementById(id);
const [form, prompt, make, again] = ["form", "prompt", "make", "again"].map(part);
const [status, clock, progress, failure, pictures] = ["status", "clock", "progress", "failure", "pictures"].map(part);

let service;
let ticking;

// What a reload needs in order to go on: the create that was begun, until its generation is known by the address.
const begun = {
  get: () => JSON.parse(sessionStorage.getItem("begun")),
  set: (value) => sessionStorage.setItem("begun", JSON.stringify(value)),
  end: () => sessionStorage.removeItem("begun"),
};

function show(text) {
  status.textContent = text;
}

function busy(since) {
  make.disabled = true;
  again.hidden = true;
  failure.replaceChildren();
  progress.hidden = clock.hidden = false;
  pictures.setAttribute("aria-busy", "true");
  pictures.replaceChildren(...frames());
  const tick = () => (clock.textContent = `${Math.max(0, Math.round((Date.now() - since) / 1000))} s`);
  clearInterval(ticking);
  ticking = setInterval(tick, 250);
  tick();
}

function idle() {
  clearInterval(ticking);
  make.disabled = false;
  progress.hidden = true;
  pictures.setAttribute("aria-busy", "false");
}

const frames = () => Array.from({ length: 4 }, () => document.createElement("span"));

function fail(error) {
  idle();
  show(error.canGoOn ? "Stopped waiting" : "That did not work");
  const money = document.createElement("strong");
  money.textContent = error.mayHaveBeenCharged ? "Credits may have been spent." : "";
  failure.replaceChildren(...(money.textContent ? [money] : []), error.message);
  again.hidden = !error.canGoOn;
}

async function create({ text, request, since }, isRepeat) {
  busy(since);
  show("Sending…");
  try {
    const id = await service.create(text, request, isRepeat);
    // The generation is in the address before the create is forgotten: from here on, a reload waits.
    history.pushState(since, "", `#${id}`);
    begun.end();
    await wait(id, since);
  } catch (error) {
    // What may have been paid for is not forgotten: going on asks the server what came of it.
    if (error.mayHaveBeenCharged) error.canGoOn = true;
    else begun.end();
    fail(error);
  }
}

async function wait(id, since) {
  busy(since);
  show("Waiting…");
  const words = { PENDING: "Drawing…", COMPLETE: "Loading the pictures…" };
  try {
    const made = await service.wait(id, (state) => show(words[state] ?? state));
    if (!prompt.value) prompt.value = made.prompt;
    await lay(made);
    idle();
    show(made.links.length ? "Done" : "Complete, without pictures");
  } catch (error) {
    fail(error);
  }
}

// Lays the pictures out, and is done when each is there or has failed.
function lay({ prompt, links }) {
  const loading = [];
  pictures.replaceChildren(
    ...links.map((link, index) => {
      const [anchor, image] = ["a", "img"].map((name) => document.createElement(name));
      anchor.href = link;
      anchor.target = "_blank";
      anchor.rel = "noopener noreferrer";
      image.alt = `${prompt}, picture ${index + 1} of ${links.length}`;
      loading.push(new Promise((done) => (image.onload = image.onerror = done)));
      image.addEventListener("load", () => image.classList.add("here"));
      image.src = link;
      anchor.append(image);
      return anchor;
    }),
  );
  return Promise.all(loading);
}

// The generation of the address, or the create that a reload interrupted, or nothing.
function goOn() {
  const id = location.hash.slice(1);
  const last = begun.get();
  if (id) {
    wait(decodeURIComponent(id), history.state ?? Date.now());
  } else if (last) {
    prompt.value = last.text;
    create(last, true);
  } else {
    pictures.replaceChildren(...frames());
    idle();
    show("Ready");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (make.disabled) return;
  const last = { text: prompt.value.trim(), request: crypto.randomUUID(), since: Date.now() };
  begun.set(last);
  create(last, false);
});
prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
form.querySelector(".ideas").addEventListener("click", ({ target }) => {
  if (target.type === "button") prompt.value = target.textContent;
});
again.addEventListener("click", goOn);
// A panic of the module leaves its promise open; what is said here is all that is known.
addEventListener("error", ({ message }) => fail({ message: `${message}. Reload the page to go on.` }));

try {
  await init();
  service = new Service(`${location.origin}/api/rest`);
  addEventListener("popstate", () => location.reload());
  goOn();
} catch (error) {
  fail(error);
}
