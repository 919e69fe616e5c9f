// The worker. `POST /` with `{"prompt": "…"}` responds with 202 and an id, and `GET /<id>` with the links to the pictures, or
// with 202 while they are not ready: ask again. Errors are `{"error": "…", "mayHaveBeenCharged": true or false}`.
//
// LEONARDO_API_KEY is a secret of the worker. Whoever can send it a POST spends credits: put a check of your users before it.
import module from "./pkg/edge_bg.wasm";
import { create, initSync, ready, wait } from "./pkg/edge.js";

const LONGEST_BODY = 16 * 1024;
// How long a wait takes, below the time that a worker has; and how much later a request ends that nothing else ended.
const [SECONDS, MORE] = [20, 5];

initSync({ module });

export default {
  async fetch(request, env) {
    const isCreate = request.method === "POST";
    const seconds = Number(env.WAIT_SECONDS ?? SECONDS);
    let ended;
    // After a panic nothing comes of a call any more.
    const limit = new Promise((resolve) => {
      ended = setTimeout(() => resolve(failure(500, "there is no outcome", isCreate)), (seconds + MORE) * 1000);
    });
    try {
      return await Promise.race([respond(request, env, seconds), limit]);
    } catch (error) {
      console.error(error);
      return failure(500, "the worker failed", isCreate);
    } finally {
      clearTimeout(ended);
    }
  },
};

async function respond(request, env, seconds) {
  const { pathname } = new URL(request.url);
  const [key, server] = [env.LEONARDO_API_KEY ?? "", env.LEONARDO_SERVER_URL];
  const method = pathname === "/" ? "POST" : "GET";
  if (request.method !== method) {
    return failure(405, `only ${method} here`, false, { allow: method });
  }
  if (method === "GET") {
    const id = pathname.slice(1);
    if (!/^[0-9A-Za-z-]+$/.test(id)) return failure(404, "no such path", false);
    ready();
    return json(await wait(key, server, id, seconds));
  }
  let [body, length, decoder] = ["", 0, new TextDecoder()];
  for await (const piece of request.body ?? []) {
    length += piece.byteLength;
    if (length > LONGEST_BODY) return failure(413, `the body has more than ${LONGEST_BODY} bytes`, false);
    body += decoder.decode(piece, { stream: true });
  }
  ready();
  return json(await create(key, server, body));
}

const failure = (status, error, mayHaveBeenCharged, headers) =>
  json({ status, body: JSON.stringify({ error, mayHaveBeenCharged }) }, headers);

const json = ({ status, body }, headers) =>
  new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
