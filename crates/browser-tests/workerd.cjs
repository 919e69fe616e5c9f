// Runs the suite in workerd: `node workerd.cjs DIRECTORY EMULATOR`, where DIRECTORY has what wasm-bindgen made.
const { Miniflare } = require("miniflare");

const [root, server] = process.argv.slice(2);
const name = "leonardo_ai_browser_tests";
const worker = `
import module from "./${name}_bg.wasm";
import { initSync, log_panics, run } from "./${name}.js";

export default {
  async fetch(request, env) {
    initSync({ module });
    log_panics();
    await run(env.SERVER);
    return new Response("passed");
  },
};`;

const { readFileSync } = require("node:fs");
const file = (path) => readFileSync(`${root}/${path}`);
const miniflare = new Miniflare({
  compatibilityDate: "2025-01-01",
  bindings: { SERVER: server },
  modules: [
    { type: "ESModule", path: "worker.js", contents: worker },
    { type: "ESModule", path: `${name}.js`, contents: file(`${name}.js`).toString() },
    { type: "CompiledWasm", path: `${name}_bg.wasm`, contents: file(`${name}_bg.wasm`) },
  ],
});

(async () => {
  // A panic leaves the promise pending, and workerd then ends the request.
  const limit = setTimeout(() => process.exit(1), 120_000);
  try {
    const response = await miniflare.dispatchFetch("http://worker/");
    const text = await response.text();
    console.log(`workerd: ${text}`);
    process.exitCode = response.ok && text === "passed" ? 0 : 1;
  } catch (error) {
    console.error(String(error));
    process.exitCode = 1;
  }
  clearTimeout(limit);
  await miniflare.dispose();
})();
