// What examples/browser promises, in headless Chromium: `node page.cjs EXAMPLE EMULATOR [SCREENSHOT.jpg]`, where EXAMPLE is its
// program and EMULATOR one that was started with `--control` and the key of LEONARDO_API_KEY.
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const http = require("node:http");
const net = require("node:net");
const { chromium } = require("playwright-core");

const [example, emulator, screenshot] = process.argv.slice(2);
const key = process.env.LEONARDO_API_KEY;
const create = "/api/rest/v1/generations";

const charges = async () => (await (await fetch(`${emulator}/control/charges`)).json()).charges.length;
const charged = async (count) => {
  while ((await charges()) < count) await new Promise((resolve) => setTimeout(resolve, 5));
};
const faults = async (plan) =>
  assert((await fetch(`${emulator}/control/faults`, { method: "POST", body: JSON.stringify(plan) })).ok);

// Starts the example and gives its address.
async function start(environment) {
  const server = spawn(example, ["--listen", "127.0.0.1:0"], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of server.stdout) {
    text += piece;
    const [, address] = text.match(/Open (\S+)\n/) ?? [];
    if (address) return { server, address };
  }
  throw new Error(`the example ended: ${text}`);
}

async function stop({ server }) {
  const ended = once(server, "exit");
  server.kill();
  await ended;
}

const visible = (page) =>
  page.waitForFunction(() => {
    const images = [...document.querySelectorAll("#pictures img")];
    return images.length === 4 && images.every((image) => image.naturalWidth > 0 && image.alt);
  });
const says = (page, text) => page.waitForFunction((text) => document.body.innerText.includes(text), text);

async function paint(page, prompt) {
  await page.getByLabel("Describe what you want to see").fill(prompt);
  await page.getByRole("button", { name: "Make four pictures" }).click();
}

async function holds(browser, address) {
  const page = await browser.newPage();
  const seen = [];
  page.on("request", (request) => seen.push([request.url(), request.headers(), request.postData()]));
  page.on("response", (response) =>
    // Of what was cut off there is no body.
    response.text().then((text) => seen.push([response.url(), response.headers(), text]), () => {}));
  page.on("pageerror", (error) => assert.fail(error));
  let before = await charges();

  // From a prompt to pictures.
  await page.goto(address);
  await paint(page, "a harbour, slow 500ms");
  assert(await page.locator("#make").isDisabled());
  await visible(page);
  await says(page, "Done");
  assert.equal(await charges(), ++before);

  // A reload shows them again.
  await page.reload();
  await visible(page);

  // A reload during a wait goes on waiting.
  await page.goto(address);
  await paint(page, "dunes, slow 4s");
  await page.waitForURL(/#.+/);
  await says(page, "Drawing…");
  await page.reload();
  await says(page, "Drawing…");
  assert(await page.locator("#make").isDisabled());
  await visible(page);
  assert.equal(await charges(), ++before);

  // A reload during a create learns what came of it.
  await page.goto(address);
  await faults({ always: "Drip", dripMilliseconds: 50, method: "POST" });
  await paint(page, "a lake");
  await charged(++before);
  await page.reload();
  await faults({});
  await visible(page);
  assert.equal(await charges(), before);

  // A response that is lost is told as what it is, and so is a refusal.
  await page.goto(address);
  await faults({ sequence: ["CutBody", "None"], method: "POST" });
  await paint(page, "a pier");
  await says(page, "Credits may have been spent.");
  await faults({});
  assert.equal(await charges(), ++before);
  // Going on asks what came of it, and creates nothing.
  await page.locator("#again").click();
  await page.locator("#again").waitFor();
  await says(page, "Credits may have been spent.");
  assert.equal(await charges(), before);
  await paint(page, "forbiddenword");
  await says(page, "content moderation");
  assert(!(await page.locator("#failure").innerText()).includes("Credits"));
  assert.equal(await charges(), before);

  // What may be tried again is, although the request has the same id.
  await faults({ sequence: [{ RetryAfter: { status: 429, value: "0" } }, "None"], method: "POST" });
  await paint(page, "a meadow");
  await visible(page);
  await faults({});
  assert.equal(await charges(), ++before);

  // The same request id is carried out once, also at the same time, and whatever becomes of the first connection.
  const request = randomUUID();
  const send = (headers, signal) =>
    fetch(`${address}${create}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": request, ...headers },
      body: JSON.stringify({ prompt: "a well" }),
      signal,
    });
  await faults({ always: "Drip", dripMilliseconds: 20, method: "POST" });
  const cut = new AbortController();
  const first = send({}, cut.signal).catch(({ name }) => name);
  const both = Promise.all([send(), send()]);
  await charged(++before);
  cut.abort();
  assert.equal(await first, "AbortError");
  const bodies = await Promise.all([...(await both), await send({ "x-repeat": "true" })].map((response) => response.text()));
  await faults({});
  assert.match(bodies[0], /generationId/);
  assert(bodies.every((body) => body === bodies[0]));
  assert.equal(await charges(), before);

  // What is not of the page is refused.
  const statuses = {};
  for (const [name, headers] of Object.entries({
    "no id": { "x-request-id": "" },
    "a repeat of nothing": { "x-request-id": randomUUID(), "x-repeat": "true" },
  })) {
    statuses[name] = (await send({ "x-request-id": randomUUID(), ...headers })).status;
  }
  const status = async (path, options) => (await fetch(`${address}${path}`, options)).status;
  assert.deepEqual(
    {
      ...statuses,
      "a large body": await status(create, { method: "POST", headers: { "content-type": "application/json" }, body: "x".repeat(20_000) }),
      "another operation": await status("/api/rest/v1/me"),
      "another method": await status(`${create}/x`, { method: "DELETE" }),
      "another file": await status("/Cargo.toml"),
    },
    {
      "no id": 400,
      "a repeat of nothing": 502,
      "a large body": 413,
      "another operation": 404,
      "another method": 405,
      "another file": 404,
    },
  );
  const other = await browser.newPage();
  await other.goto(`${emulator}/control/charges`);
  // Without asking, another site's page can send no such request, and it gets no permission.
  const crossed = await other.evaluate(
    ([url, body, headers]) =>
      Promise.all(
        [{ mode: "no-cors" }, { mode: "no-cors", headers }, { headers }].map((options) =>
          fetch(url, { method: "POST", body, ...options }).then(({ type }) => type, ({ name }) => name),
        ),
      ),
    [
      `${address}${create}`,
      JSON.stringify({ prompt: "a trap" }),
      { "content-type": "application/json", "x-request-id": randomUUID() },
    ],
  );
  assert.deepEqual(crossed, ["opaque", "opaque", "TypeError"]);
  // By a name of another site that leads to this machine.
  const renamed = http.request(`${address}${create}/x`, { headers: { host: `example.org:${new URL(address).port}` } }).end();
  assert.equal((await once(renamed, "response"))[0].statusCode, 403);
  assert.equal(await charges(), before);

  assert(seen.filter(([, headers, body]) => headers["x-request-id"] && body).length >= 6);
  for (const part of seen) assert(!JSON.stringify(part).includes(key), `the key is in ${part[0]}`);
  for (const path of ["/", "/page.js", "/page.css", "/pkg/page.js", "/pkg/page_bg.wasm"]) {
    assert(!Buffer.from(await (await fetch(address + path)).arrayBuffer()).includes(key), `the key is in ${path}`);
  }
  await page.close();
}

// Chromium sends a create again by itself if a connection that it had used before breaks off, and that is paid for once. What is
// between the two here breaks the first create's connection off when the example responds.
async function repeats(browser, address) {
  const { port, hostname } = new URL(address);
  let [creates, own] = [0];
  const between = net.createServer((near) => {
    const far = net.connect(port, hostname);
    let isCut = false;
    near.on("data", (piece) => {
      const text = piece.toString("latin1");
      isCut = text.startsWith("POST ") && ++creates === 1;
      far.write(text.replaceAll(`${hostname}:${own}`, `${hostname}:${port}`), "latin1");
    });
    far.on("data", (piece) => (isCut ? near.resetAndDestroy() : near.write(piece)));
    for (const [one, other] of [[near, far], [far, near]]) one.on("error", () => {}).on("close", () => other.destroy());
  });
  await once(between.listen(0, hostname), "listening");
  own = between.address().port;
  const page = await browser.newPage();
  const before = await charges();
  await page.goto(`http://${hostname}:${own}`);
  await paint(page, "a bridge");
  await visible(page);
  assert.deepEqual([creates, await charges()], [2, before + 1]);
  await page.close();
  between.close();
}

// What a person sees, without a key: the emulator that the example starts.
async function look(browser, address) {
  for (const [name, options] of Object.entries({
    "": { viewport: { width: 1200, height: 640 } },
    ".dark": { viewport: { width: 1200, height: 640 }, colorScheme: "dark" },
    ".phone": { viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 },
  })) {
    const page = await (await browser.newContext(options)).newPage();
    await page.goto(address);
    await paint(page, "A quiet lake in the mountains, autumn sunset, warm light");
    await says(page, "Done");
    await visible(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    if (screenshot) {
      await page.mouse.move(0, 0);
      await page.evaluate(() => document.activeElement.blur());
      await page.waitForFunction(() => document.getAnimations().length === 0);
      await page.screenshot({ path: screenshot.replace(/\.jpg$/, `${name}.jpg`), type: "jpeg", quality: 90 });
    }
    await page.context().close();
  }
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
  const running = [];
  try {
    running.push(await start({ ...process.env, LEONARDO_SERVER_URL: `${emulator}/api/rest` }));
    await holds(browser, running[0].address);
    await repeats(browser, running[0].address);
    const { LEONARDO_API_KEY, ...without } = process.env;
    running.push(await start(without));
    await look(browser, running[1].address);
    console.log("the page: passed");
  } finally {
    await browser.close();
    await Promise.all(running.map(stop));
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
