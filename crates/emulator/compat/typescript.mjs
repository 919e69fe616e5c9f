// The life of a generation and of an init image through the official TypeScript SDK, which knows nothing of the
// emulator: it is only given another server. Prints a line for each step; ends with status 1 if one of them fails.

import { Leonardo } from "@leonardo-ai/sdk";
import { LeonardoError } from "@leonardo-ai/sdk/sdk/models/errors/index.js";

const serverURL = `${process.env.LEONARDO_SERVER_URL}/v1`;
const sdk = new Leonardo({ serverURL, bearerAuth: process.env.LEONARDO_API_KEY });

const WIDTH = 640;
const HEIGHT = 512;
const DEADLINE_MS = 60_000;

function expect(actual, wanted, what) {
  if (actual !== wanted) {
    throw new Error(`${what} is ${JSON.stringify(actual)} and not ${JSON.stringify(wanted)}`);
  }
}

async function step(name, work) {
  try {
    const result = await work();
    console.log(`ok    ${name}`);
    return result;
  } catch (error) {
    console.log(`FAIL  ${name}`);
    console.log(error);
    process.exit(1); // What follows builds on it.
  }
}

/** Width and height, from the frame header that every JPEG has. */
function jpegSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(view.getUint16(0), 0xffd8, "the start of the file");
  expect(view.getUint16(bytes.length - 2), 0xffd9, "the end of the file");
  for (let at = 2; at < bytes.length; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)];
    }
  }
  throw new Error("no frame in the JPEG");
}

async function complete(id) {
  const seen = new Set();
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; ) {
    const { object } = await sdk.image.getGenerationById(id);
    const generation = object.generationsByPk;
    seen.add(generation.status);
    if (generation.status !== "PENDING") {
      expect(generation.status, "COMPLETE", "the status");
      return { generation, seen };
    }
    expect(generation.generatedImages.length, 0, "the number of images before the end");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the generation is still pending");
}

async function refused(call, status) {
  const error = await call().catch((caught) => caught);
  if (!(error instanceof LeonardoError)) {
    throw new Error("no error of the SDK", { cause: error });
  }
  expect(error.statusCode, status, "the status");
}

const user = await step("user id from /me", async () => {
  const { object } = await sdk.user.getUserSelf();
  return object.userDetails[0].user.id;
});

const request = { prompt: "A lighthouse at dawn", width: WIDTH, height: HEIGHT, numImages: 2, seed: 42 };
const id = await step("create a generation", async () => {
  const { object } = await sdk.image.createGeneration(request);
  return object.sdGenerationJob.generationId;
});

const generation = await step("poll it until COMPLETE", async () => {
  const { generation, seen } = await complete(id);
  expect([...seen].join(), "PENDING,COMPLETE", "the course of the status");
  expect(generation.prompt, request.prompt, "the prompt");
  expect(generation.seed, request.seed, "the seed");
  expect(generation.generatedImages.length, request.numImages, "the number of images");
  return generation;
});

const picture = await step("fetch its pictures without the key", async () => {
  let bytes;
  for (const image of generation.generatedImages) {
    const response = await fetch(image.url);
    expect(response.status, 200, "the status");
    expect(response.headers.get("content-type"), "image/jpeg", "the type");
    bytes = new Uint8Array(await response.arrayBuffer());
    expect(jpegSize(bytes).join("x"), `${WIDTH}x${HEIGHT}`, "the size");
  }
  return bytes;
});

await step("list the user's generations", async () => {
  const { object } = await sdk.image.getGenerationsByUserId(user, 5, 0);
  expect(object.generations.map((one) => one.id).join(), id, "the list");
});

await step("read the balance after a charge", async () => {
  const { object } = await sdk.user.getUserSelf();
  expect(Number.isInteger(object.userDetails[0].apiPaidTokens), true, "whether the balance is an integer");
});

const init = await step("upload an init image", async () => {
  const { object } = await sdk.initImages.uploadInitImage({ extension: "jpg" });
  const upload = object.uploadInitImage;
  const form = new FormData();
  for (const [name, value] of Object.entries(JSON.parse(upload.fields))) {
    form.append(name, value);
  }
  form.append("file", new Blob([picture]), "init.jpg"); // The storage wants it last.
  const response = await fetch(upload.url, { method: "POST", body: form });
  expect(response.status, 204, "the status of the storage");
  const { object: found } = await sdk.initImages.getInitImageById(upload.id);
  expect(found.initImagesByPk.id, upload.id, "the id");
  return upload.id;
});

const second = await step("create with the init image", async () => {
  const { object } = await sdk.image.createGeneration({ ...request, initImageId: init, initStrength: 0.5 });
  const { generation } = await complete(object.sdGenerationJob.generationId);
  expect(generation.initStrength, 0.5, "the strength");
  const listed = await sdk.image.getGenerationsByUserId(user);
  expect(listed.object.generations.map((one) => one.id).join(), `${generation.id},${id}`, "the list");
  return generation.id;
});

await step("delete the generations", async () => {
  for (const one of [id, second]) {
    const { object } = await sdk.image.deleteGenerationById(one);
    expect(object.deleteGenerationsByPk.id, one, "the deleted id");
    const gone = await sdk.image.getGenerationById(one);
    expect(gone.object.generationsByPk, null, "the generation");
  }
  const left = await sdk.image.getGenerationsByUserId(user);
  expect(left.object.generations.length, 0, "the number of generations left");
});

await step("delete the init image", async () => {
  const { object } = await sdk.initImages.deleteInitImageById(init);
  expect(object.deleteInitImagesByPk.id, init, "the deleted id");
  const gone = await sdk.initImages.getInitImageById(init);
  expect(gone.object.initImagesByPk, null, "the init image");
});

await step("a wrong key is an error of the SDK (401)", async () => {
  const stranger = new Leonardo({ serverURL, bearerAuth: "00000000-0000-4000-8000-000000000000" });
  await refused(() => stranger.image.createGeneration(request), 401);
  await refused(() => stranger.user.getUserSelf(), 401);
});

await step("a malformed key is an error of the SDK (500)", async () => {
  const stranger = new Leonardo({ serverURL, bearerAuth: "not-a-key" });
  await refused(() => stranger.user.getUserSelf(), 500);
});
