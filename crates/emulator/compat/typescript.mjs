// All of the official TypeScript SDK in one scenario: ids lead from one response to the next, jobs end, links serve what
// they should. The SDK knows nothing of the emulator: it is only given another server. Prints a line for each step; ends
// with status 1 if one of them fails, or if an operation of the SDK was left out.

import { Leonardo } from "@leonardo-ai/sdk";
import { LeonardoError } from "@leonardo-ai/sdk/sdk/models/errors/index.js";
import { expect, step } from "./steps.mjs";

const serverURL = `${process.env.LEONARDO_SERVER_URL}/v1`;
const bearerAuth = process.env.LEONARDO_API_KEY;
const called = new Set();
const operations = new Set();
const sdk = counted(new Leonardo({ serverURL, bearerAuth }));

const WIDTH = 640;
const HEIGHT = 512;
const DEADLINE_MS = 60_000;

/** The groups of the SDK, which note what is called of them. */
function counted(leonardo) {
  const groups = {};
  for (let kind = leonardo; kind && kind !== Object.prototype; kind = Object.getPrototypeOf(kind)) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(kind))) {
      const group = property.get && !name.startsWith("_") && leonardo[name];
      if (!group) continue;
      for (const operation of Object.getOwnPropertyNames(Object.getPrototypeOf(group))) {
        if (operation !== "constructor") operations.add(`${name}.${operation}`);
      }
      groups[name] = new Proxy(group, {
        get: (target, operation) => (...args) => {
          called.add(`${name}.${operation}`);
          return target[operation](...args);
        },
      });
    }
  }
  return groups;
}

/** Width and height, from the frame header that every JPEG has. */
function jpegSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(view.getUint16(0), 0xffd8, "the start of the file");
  expect(view.getUint16(bytes.length - 2), 0xffd9, "the end of the file");
  for (let at = 2; at < bytes.length; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)].join("x");
    }
  }
  throw new Error("no frame in the JPEG");
}

/** Reads again and again until the work is over. */
async function ended(read, over = "COMPLETE") {
  const seen = new Set();
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; ) {
    const record = await read();
    seen.add(record.status);
    if (record.status === over) return { record, seen: [...seen].join() };
    expect(["PENDING", "QUEUED"].includes(record.status), true, `whether ${record.status} is no end`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error("the work does not end");
}

const generationOf = async (id) => (await sdk.image.getGenerationById(id)).object.generationsByPk;
const complete = async (id) => (await ended(() => generationOf(id))).record;
const variation = async (id) =>
  (await ended(async () => (await sdk.variation.getVariationById(id)).object.generatedImageVariationGeneric[0])).record;

/** What the service says, of which the SDK does not know all. */
async function rest(path) {
  const response = await fetch(`${serverURL}${path}`, { headers: { authorization: `Bearer ${bearerAuth}` } });
  expect(response.status, 200, "the status");
  return response.json();
}

/** The film of a generation, for which the SDK has no field. */
async function filmOf(id) {
  const { generations_by_pk: record } = await rest(`/generations/${id}`);
  const film = await fetched(record.generated_images[0].motionMP4URL, "video/mp4");
  expect(String.fromCharCode(...film.slice(4, 8)), "ftyp", "the start of the film");
  return film;
}

/** What a link leads to, without the key. */
async function fetched(url, type) {
  const response = await fetch(url);
  expect(response.status, 200, "the status");
  expect(response.headers.get("content-type"), type, "the type");
  return new Uint8Array(await response.arrayBuffer());
}

/** Fills in a presigned form; the storage wants the file last. */
async function upload(url, fields, bytes) {
  const form = new FormData();
  for (const [name, value] of Object.entries(JSON.parse(fields))) form.append(name, value);
  form.append("file", new Blob([bytes]), "file");
  const response = await fetch(url, { method: "POST", body: form });
  expect(response.status, 204, "the status of the storage");
}

async function refused(call, status) {
  const error = await call().catch((caught) => caught);
  if (!(error instanceof LeonardoError)) {
    throw new Error("no error of the SDK", { cause: error });
  }
  expect(error.statusCode, status, "the status");
}

const dataUrl = (bytes) => `data:image/jpeg;base64,${Buffer.from(bytes).toString("base64")}`;
const ofDataUrl = (url) => new Uint8Array(Buffer.from(url.split(",")[1], "base64"));

// user, image

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
  const { record, seen } = await ended(() => generationOf(id));
  expect(seen, "PENDING,COMPLETE", "the course of the status");
  expect(record.prompt, request.prompt, "the prompt");
  expect(record.seed, request.seed, "the seed");
  expect(record.generatedImages.length, request.numImages, "the number of images");
  return record;
});

const picture = await step("fetch its pictures without the key", async () => {
  let bytes;
  for (const image of generation.generatedImages) {
    bytes = await fetched(image.url, "image/jpeg");
    expect(jpegSize(bytes), `${WIDTH}x${HEIGHT}`, "the size");
  }
  return bytes;
});
const image = generation.generatedImages[0].id;

await step("list the user's generations", async () => {
  const { object } = await sdk.image.getGenerationsByUserId(user, 5, 0);
  expect(object.generations.map((one) => one.id).join(), id, "the list");
});

await step("read the balance after a charge", async () => {
  const { object } = await sdk.user.getUserSelf();
  expect(Number.isInteger(object.userDetails[0].apiPaidTokens), true, "whether the balance is an integer");
});

// initImages

const init = await step("upload an init image", async () => {
  const { object } = await sdk.initImages.uploadInitImage({ extension: "jpg" });
  const place = object.uploadInitImage;
  await upload(place.url, place.fields, picture);
  const { object: found } = await sdk.initImages.getInitImageById(place.id);
  expect(found.initImagesByPk.id, place.id, "the id");
  expect((await fetched(found.initImagesByPk.url, "image/jpeg")).length, picture.length, "the length");
  return found.initImagesByPk;
});

await step("upload the picture of a canvas", async () => {
  const { object } = await sdk.initImages.uploadCanvasInitImage({ initExtension: "jpg", maskExtension: "jpg" });
  // The SDK looks for the mask under a name that the service does not use.
  await upload(object.uploadCanvasInitImage.initUrl, object.uploadCanvasInitImage.initFields, picture);
});

const second = await step("create with the init image", async () => {
  const { object } = await sdk.image.createGeneration({ ...request, initImageId: init.id, initStrength: 0.5 });
  const record = await complete(object.sdGenerationJob.generationId);
  expect(record.initStrength, 0.5, "the strength");
  const listed = await sdk.image.getGenerationsByUserId(user);
  expect(listed.object.generations.map((one) => one.id).join(), `${record.id},${id}`, "the list");
  return record.id;
});

// variation

const small = await step("create a small picture to work on", async () => {
  const { object } = await sdk.image.createGeneration({ ...request, width: 512, height: 512, numImages: 1 });
  return (await complete(object.sdGenerationJob.generationId)).generatedImages[0].id;
});

await step("upscale it", async () => {
  const { object } = await sdk.variation.createVariationUpscale({ id: small });
  const done = await variation(object.sdUpscaleJob.id);
  expect(done.transformType, "UPSCALE", "the kind");
  expect(jpegSize(await fetched(done.url, "image/jpeg")), "1024x1024", "the size");
});

await step("unzoom it", async () => {
  const { object } = await sdk.variation.createVariationUnzoom({ id: small, isVariation: false });
  const done = await variation(object.sdUnzoomJob.id);
  expect(jpegSize(await fetched(done.url, "image/jpeg")), "768x768", "the size");
});

const cutOut = await step("remove its background", async () => {
  const { object } = await sdk.variation.createVariationNoBG({ id: small, isVariation: false });
  const done = await variation(object.sdNobgJob.id);
  const bytes = await fetched(done.url, "image/png");
  expect(bytes[25], 6, "the colour type, RGB with alpha"); // Of the header of every PNG.
  return done.id;
});

await step("upscale it universally", async () => {
  const universal = { generatedImageId: small, upscalerStyle: "GENERAL", creativityStrength: 3, upscaleMultiplier: 1.5 };
  const { rawResponse } = await sdk.variation.createUniversalUpscalerJob(universal);
  expect(rawResponse.status, 200, "the status");
  const { object } = await sdk.variation.createUniversalUpscalerJob({ ...universal, upscaleMultiplier: 2 });
  await ended(async () => {
    // Its kind has no word in the SDK, which therefore cannot read the record of this one.
    return (await rest(`/variations/${object.universalUpscaler.id}`)).generated_image_variation_generic[0];
  });
});

// motion

const video = await step("make a video out of a picture", async () => {
  const { object } = await sdk.motion.createImageToVideoGeneration({
    prompt: "The waves roll in",
    imageId: image,
    imageType: "GENERATED",
    resolution: "RESOLUTION_480",
  });
  const record = await complete(object.motionVideoGenerationJob.generationId);
  await fetched(record.generatedImages[0].url, "image/jpeg");
  await filmOf(record.id);
  return record.id;
});

await step("make videos otherwise", async () => {
  const text = await sdk.motion.createTextToVideoGeneration({ prompt: "The tide comes in", model: "MOTION2" });
  const svd = await sdk.motion.createSVDMotionGeneration({ imageId: image, motionStrength: 3 });
  await complete(text.object.motionVideoGenerationJob.generationId);
  await complete(svd.object.motionSvdGenerationJob.generationId);
});

await step("upscale a video", async () => {
  const { object } = await sdk.motion.createVideoUpscale({ sourceGenerationId: video, resolution: "RESOLUTION_720" });
  const { variationId } = object.motionVideoGenerationJob;
  const read = async () => (await sdk.variation.getMotionVariationById(variationId)).object.generatedImageVariationMotion[0];
  const { record } = await ended(read);
  expect((await fetched(record.url, "video/mp4")).length > 1000, true, "whether there is a film");
});

// dataset, elements, models

const dataset = await step("fill a data set", async () => {
  const { object } = await sdk.dataset.createDataset({ name: "harbour", description: "of one style" });
  const set = object.insertDatasetsOne.id;
  for (let count = 0; count < 9; count += 1) {
    const place = (await sdk.dataset.uploadDatasetImage({ extension: "jpg" }, set)).object.uploadDatasetImage;
    await upload(place.url, place.fields, picture);
  }
  await sdk.dataset.uploadDatasetImageFromGen({ generatedImageId: image }, set);
  const { object: found } = await sdk.dataset.getDatasetById(set);
  expect(found.datasetsByPk.datasetImages.length, 10, "the number of pictures");
  expect((await fetched(found.datasetsByPk.datasetImages[0].url, "image/jpeg")).length, picture.length, "the length");
  return set;
});

await step("train an element", async () => {
  const { object } = await sdk.elements.createElement({
    name: "harbour",
    datasetId: dataset,
    instancePrompt: "harbourstyle",
    loraFocus: "Style",
    sdVersion: "FLUX_DEV",
    numTrainEpochs: 100,
    learningRate: 0.00001,
    trainTextEncoder: false,
    resolution: 1024,
  });
  const element = object.sdTrainingJob.userLoraId;
  await ended(async () => (await sdk.elements.getElementById(element)).object.userLorasByPk);
  const own = await sdk.elements.getCustomElementsByUserId(user);
  expect(own.object.userLoras.map((one) => one.id).join(), String(element), "the elements");
  expect((await sdk.elements.listElements()).object.loras.length > 0, true, "whether the platform has some");
  await sdk.elements.deleteElementById(element);
  expect((await sdk.elements.getElementById(element)).object.userLorasByPk, null, "the element");
});

await step("train a model", async () => {
  const { object } = await sdk.models.createModel({ name: "harbour", datasetId: dataset, instancePrompt: "harbourstyle", resolution: 512 });
  const model = object.sdTrainingJob.customModelId;
  await ended(async () => (await sdk.models.getModelById(model)).object.customModelsByPk);
  const own = await sdk.models.getCustomModelsByUserId(user);
  expect(own.object.customModels.map((one) => one.id).join(), model, "the models");
  expect((await sdk.models.listPlatformModels()).object.customModels.length > 0, true, "whether the platform has some");
  await sdk.models.deleteModelById(model);
  expect((await sdk.models.getModelById(model)).object.customModelsByPk, null, "the model");
  await sdk.dataset.deleteDatasetById(dataset);
  expect((await sdk.dataset.getDatasetById(dataset)).object.datasetsByPk, null, "the data set");
});

// prompt, pricingCalculator, realtimeCanvas

await step("improve a prompt, and have one made up", async () => {
  // The SDK cannot read a cost that is null, as the service gives it: it takes the response and fails afterwards.
  for (const call of [() => sdk.prompt.promptImprove({ prompt: "a pier" }), () => sdk.prompt.promptRandom()]) {
    const made = await call().then(({ object }) => object.promptGeneration, (error) => JSON.parse(error.body ?? "{}").promptGeneration ?? error.rawValue?.promptGeneration);
    expect(typeof made?.prompt, "string", "the prompt");
  }
});

await step("ask for a price", async () => {
  const { object } = await sdk.pricingCalculator.pricingCalculator({
    service: "IMAGE_GENERATION",
    serviceParams: { imageGeneration: { imageWidth: WIDTH, imageHeight: HEIGHT, numImages: 2, inferenceSteps: 10 } },
  });
  expect(object.calculateProductionApiServiceCost.cost > 0, true, "whether it costs something");
});

await step("paint on the realtime canvas", async () => {
  const canvas = { imageDataUrl: dataUrl(picture), prompt: "a pier", width: 512, height: 512, requestTimestamp: "7" };
  const painted = await sdk.realtimeCanvas.createLCMGeneration(canvas);
  const job = painted.object.lcmGenerationJob;
  expect(job.requestTimestamp, "7", "the time of the request");
  const bytes = ofDataUrl(job.imageDataUrl[0]);
  expect(jpegSize(bytes), "512x512", "the size");
  await sdk.realtimeCanvas.performInstantRefine({ ...canvas, imageDataUrl: dataUrl(bytes) });
  await sdk.realtimeCanvas.performInpaintingLCM({ ...canvas, imageDataUrl: dataUrl(bytes), maskDataUrl: dataUrl(bytes) });
  const upscaled = await sdk.realtimeCanvas.performAlchemyUpscaleLCM({ ...canvas, imageDataUrl: dataUrl(bytes) });
  expect(upscaled.object.lcmGenerationJob.imageDataUrl.length > 0, true, "whether there is a picture");
});

// media, threeDModelAssets

await step("upload a video", async () => {
  const film = await filmOf(video);
  const { object } = await sdk.media.uploadMedia({ extension: "mp4" });
  const place = object.uploadMedia;
  await upload(place.url, place.fields, film);
  let found;
  for (const end = Date.now() + DEADLINE_MS; !found?.url && Date.now() < end; ) {
    found = (await sdk.media.getUploadedMediaById(place.uploadId)).object.uploadedMediaByPk;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect((await fetched(found.url, "video/mp4")).length, film.length, "the length");
  await sdk.media.deleteUploadedMediaById(place.uploadId);
  expect((await sdk.media.getUploadedMediaById(place.uploadId)).object.uploadedMediaByPk, null, "the video");
});

await step("upload a 3D model", async () => {
  const { object } = await sdk.threeDModelAssets.uploadModelAsset({ modelExtension: "obj", name: "a cube" });
  const place = object.uploadModelAsset;
  await upload(place.modelUrl, place.modelFields, "# a triangle\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n");
  const deleted = await sdk.threeDModelAssets.delete3DModelById(place.modelId);
  expect(deleted.object.deleteModelAssetsByPk.id, place.modelId, "the deleted id");
});

// blueprints

await step("execute a blueprint", async () => {
  // This SDK cannot list them.
  const { blueprints } = await rest("/blueprints");
  const first = blueprints.edges[0].node.akUUID;
  expect((await sdk.blueprints.getBlueprintById(first)).oneOf.blueprint.akUUID, first, "the id");
  const { oneOf } = await sdk.blueprints.getBlueprintVersionsByBlueprintId(first);
  // The SDK takes the inputs of a version for empty.
  const version = (await rest(`/blueprints/${first}/versions`)).blueprintVersions.edges[0].node;
  expect(oneOf.blueprintVersions.edges[0].node.akUUID, version.akUUID, "the id of a version");
  const nodeInputs = version.uiMetadata.inputs.map(({ nodeId, settingName, variable }) => ({
    nodeId,
    settingName,
    value: settingName === "imageUrl" ? init.url
      : settingName === "textVariables" ? [{ name: variable, value: "a red bicycle" }]
      : "a red bicycle",
  }));
  const run = await sdk.blueprints.executeBlueprint({
    blueprintVersionId: version.akUUID,
    input: { nodeInputs, public: false, collectionIds: [] },
  });
  const execution = run.oneOf.executeBlueprint.akUUID;
  await ended(async () => (await sdk.blueprints.getBlueprintExecution(execution)).oneOf.blueprintExecution, "COMPLETED");
  const { object } = await sdk.blueprints.getBlueprintExecutionGenerations(execution);
  const outputs = object.blueprintExecutionGenerations.edges;
  expect(outputs.length > 0, true, "whether there are outputs");
  for (const { node } of outputs) {
    expect(node.status, "COMPLETED", "the status of an output");
    const made = await complete(node.generationId);
    await fetched(made.generatedImages[0].url, "image/jpeg");
  }
});

// What is over, and what is wrong

await step("delete the generations", async () => {
  for (const one of [id, second]) {
    const { object } = await sdk.image.deleteGenerationById(one);
    expect(object.deleteGenerationsByPk.id, one, "the deleted id");
    expect(await generationOf(one), null, "the generation");
  }
  expect((await sdk.variation.getVariationById(cutOut)).object.generatedImageVariationGeneric.length, 1, "the cut-out");
});

await step("delete the init image", async () => {
  const { object } = await sdk.initImages.deleteInitImageById(init.id);
  expect(object.deleteInitImagesByPk.id, init.id, "the deleted id");
  const gone = await sdk.initImages.getInitImageById(init.id);
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

await step(`all ${operations.size} operations of the SDK were called`, async () => {
  expect(operations.size, 51, "the number of operations");
  expect([...operations].filter((one) => !called.has(one)).join(), "", "what was not called");
});
