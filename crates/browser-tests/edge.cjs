// What examples/edge promises, in workerd: `node edge.cjs FOLDER EMULATOR`, where FOLDER is that of the example and EMULATOR
// one that was started with `--control` and the key of LEONARDO_API_KEY.
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { Miniflare } = require("miniflare");

const [folder, emulator] = process.argv.slice(2);
const key = process.env.LEONARDO_API_KEY;

// Takes away from the module what it needs, so that it panics (`clock`) or is left in the middle (`fetch`).
const broken = `
import worker from "./worker.mjs";
const { performance, fetch } = globalThis;
const put = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
export default {
  fetch(request, env) {
    const how = request.headers.get("x-break");
    put("performance", how === "clock" ? undefined : performance);
    put("fetch", how === "fetch" ? async () => ({ type: "basic", status: 200, headers: [], body: {} }) : fetch);
    return worker.fetch(request, env);
  },
};`;

function worker(bindings, main) {
  const file = (type, path) => ({ type, path, contents: readFileSync(`${folder}/${path}`) });
  const modules = [
    file("ESModule", "worker.mjs"),
    file("ESModule", "pkg/edge.js"),
    file("CompiledWasm", "pkg/edge_bg.wasm"),
  ];
  if (main) modules.unshift({ type: "ESModule", path: "main.mjs", contents: main });
  return new Miniflare({
    compatibilityDate: "2025-01-01",
    bindings: { LEONARDO_API_KEY: key, LEONARDO_SERVER_URL: `${emulator}/api/rest`, ...bindings },
    modules,
  });
}

const workers = [];
async function asked(bindings, main) {
  const miniflare = worker(bindings, main);
  workers.push(miniflare);
  await miniflare.ready;
  return async (method, path, body, headers) => {
    const response = await miniflare.dispatchFetch(`http://worker${path}`, { method, body, headers });
    assert.equal(response.headers.get("content-type"), "application/json");
    const text = await response.text();
    assert(!text.includes(key));
    return { ...JSON.parse(text), code: response.status };
  };
}

const charges = async () => (await (await fetch(`${emulator}/control/charges`)).json()).charges.length;
const faults = async (plan) =>
  assert((await fetch(`${emulator}/control/faults`, { method: "POST", body: JSON.stringify(plan) })).ok);
const prompt = (prompt) => JSON.stringify({ prompt });
const isError = (response, status, mayHaveBeenCharged) => {
  assert.deepEqual([response.code, response.mayHaveBeenCharged], [status, mayHaveBeenCharged], JSON.stringify(response));
  assert(response.error);
};

async function holds() {
  const ask = await asked({});
  let before = await charges();

  // A picture, for one charge.
  const created = await ask("POST", "/", prompt("a harbour"));
  assert.deepEqual([created.status, created.code], ["PENDING", 202]);
  const made = await ask("GET", `/${created.id}`);
  assert.deepEqual([made.code, made.status, made.id, made.images.length], [200, "COMPLETE", created.id, 1]);
  const picture = await fetch(made.images[0]);
  assert(picture.ok && (await picture.arrayBuffer()).byteLength > 4096);
  assert.equal(await charges(), ++before);

  // What is wrong with a request costs nothing.
  for (const [method, path, body, status] of [
    ["POST", "/", "no JSON", 400],
    ["POST", "/", "[]", 400],
    ["POST", "/", prompt(" "), 400],
    ["POST", "/", prompt("x".repeat(2000)), 400],
    ["POST", "/", prompt("x".repeat(20_000)), 413],
    ["POST", "/", prompt("forbiddenword"), 422],
    ["GET", "/", undefined, 405],
    ["PUT", "/", "x", 405],
    ["POST", `/${created.id}`, prompt("a pier"), 405],
    ["DELETE", `/${created.id}`, undefined, 405],
    ["GET", "/a/b", undefined, 404],
    ["GET", "/%zz", undefined, 404],
    ["GET", "/00000000-0000-4000-8000-000000000001", undefined, 404],
  ]) {
    isError(await ask(method, path, body), status, false);
  }
  assert.equal(await charges(), before);

  // A response that is lost may have been charged, and is not sent again.
  await faults({ sequence: ["CutBody"], method: "POST" });
  isError(await ask("POST", "/", prompt("a pier")), 502, true);
  assert.equal(await charges(), ++before);
  // One that the service gave up was.
  const failed = await ask("POST", "/", prompt("fail this"));
  const end = await ask("GET", `/${failed.id}`);
  isError(end, 502, true);
  assert.equal(end.id, failed.id);
  assert.equal(await charges(), ++before);

  // Requests at the same time do not disturb each other.
  const several = await Promise.all(["a", "b", "c", "d"].map((name) => ask("POST", "/", prompt(name))));
  const ends = await Promise.all(several.map(({ id }) => ask("GET", `/${id}`)));
  assert.deepEqual(ends.map(({ id, status }) => [id, status]), several.map(({ id }) => [id, "COMPLETE"]));
  assert.equal(await charges(), (before += 4));

  isError(await (await asked({ LEONARDO_API_KEY: null }))("POST", "/", prompt("a pier")), 500, false);
  isError(await (await asked({ LEONARDO_API_KEY: "wrong" }))("POST", "/", prompt("a pier")), 500, false);
  assert.equal(await charges(), before);
}

// With little time, what is not ready is asked for again, and what cannot end is ended.
async function ends() {
  const ask = await asked({ WAIT_SECONDS: "1" }, broken);
  // Before anything else, since the module keeps the clock.
  for (const how of ["clock", "fetch"]) {
    isError(await ask("POST", "/", prompt("a pier"), { "x-break": how }), 500, true);
    const made = await ask("POST", "/", prompt("a pier"));
    assert.equal((await ask("GET", `/${made.id}`)).status, "COMPLETE");
  }

  const slow = await ask("POST", "/", prompt("slow 3s"));
  const early = await ask("GET", `/${slow.id}`);
  assert.deepEqual(early, { status: "PENDING", id: slow.id, code: 202 });
  let last;
  do last = await ask("GET", `/${slow.id}`);
  while (last.status === "PENDING");
  assert.equal(last.status, "COMPLETE");
}

(async () => {
  try {
    await holds();
    await ends();
    console.log("the edge worker: passed");
  } finally {
    await Promise.all(workers.map((worker) => worker.dispose()));
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
