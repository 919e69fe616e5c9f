// Version 2 of the API, for which there is no SDK, by plain HTTP. Prints a line for each step; ends with status 1 if one of
// them fails.

import { expect, step } from "./steps.mjs";

const server = process.env.LEONARDO_SERVER_URL;
const headers = { authorization: `Bearer ${process.env.LEONARDO_API_KEY}`, "content-type": "application/json" };
const DEADLINE_MS = 60_000;

async function send(method, path, body) {
  const response = await fetch(`${server}${path}`, { method, headers, body: body && JSON.stringify(body) });
  expect(response.status, 200, "the status");
  return response.json();
}

async function complete(id) {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; ) {
    const { generations_by_pk: record } = await send("GET", `/v1/generations/${id}`);
    if (record.status !== "PENDING") {
      expect(record.status, "COMPLETE", "the status");
      return record;
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error("the generation is still pending");
}

async function fetched(url, type) {
  const response = await fetch(url);
  expect(response.status, 200, "the status");
  expect(response.headers.get("content-type"), type, "the type");
  return new Uint8Array(await response.arrayBuffer());
}

/** Width and height, from the header of every PNG. */
function pngSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(view.getUint32(0), 0x89504e47, "the start of the file");
  return `${view.getUint32(16)}x${view.getUint32(20)}`;
}

const create = (model, parameters) => send("POST", "/v2/generations", { model, public: false, parameters });

await step("list the models, each with a schema of its parameters", async () => {
  const { productionApiAvailableModels: models } = await send("GET", "/v2/models");
  expect(models.length, 79, "the number of models");
  for (const model of models) {
    expect(model.parameters.type, "object", `the kind of the parameters of ${model.name}`);
  }
});

const image = await step("create an image", async () => {
  const made = await create("lucid-origin", { prompt: "a pier", width: 1024, height: 1024, quantity: 1, seed: 42 });
  const record = await complete(made.generate.generationId);
  expect(record.seed, 42, "the seed");
  await fetched(record.generated_images[0].url, "image/jpeg");
  return record.generated_images[0].id;
});

await step("make a video", async () => {
  const made = await create("motion_2.0", { prompt: "the tide", width: 832, height: 480 });
  const record = await complete(made.generate.generationId);
  const film = await fetched(record.generated_images[0].motionMP4URL, "video/mp4");
  expect(String.fromCharCode(...film.slice(4, 8)), "ftyp", "the start of the film");
});

await step("remove a background, with a link and in the response", async () => {
  const parameters = { guidances: { image_reference: [{ image: { id: image, type: "GENERATED" } }] } };
  const request = { model: "remove-bg", public: false, parameters };
  const linked = await send("POST", "/v2/generationssync", request);
  expect(linked.blockedCount, 0, "the number of results withheld");
  const size = pngSize(await fetched(linked.results[0].url, "image/png"));
  const along = await send("POST", "/v2/generationssync", { ...request, base64: true });
  expect(pngSize(new Uint8Array(Buffer.from(along.results[0].dataB64, "base64"))), size, "the size");
});

await step("refusals are bare lists", async () => {
  for (const refused of [
    await create("no-such-model", { prompt: "a pier" }),
    await create("lucid-origin", { prompt: "a pier", unheard: 1 }),
    await send("POST", "/v2/generations", { model: "lucid-origin", parameters: { prompt: "a pier" } }),
  ]) {
    expect(Array.isArray(refused) && typeof refused[0].message, "string", "the kind of the message");
    expect(typeof refused[0].extensions.code, "string", "the kind of the code");
  }
});
