"""All of the official Python SDK in one scenario: ids lead from one response to the next, jobs end, links serve what they
should. The SDK knows nothing of the emulator: it is only given another server. Prints a line for each step; ends with
status 1 if one of them fails, or if an operation of the SDK was left out."""

import base64
import inspect
import json
import os
import struct
import sys
import time
import traceback

import httpx
from leonardo_ai_sdk import LeonardoAiSDK
from leonardo_ai_sdk.models import errors

SERVER_URL = os.environ["LEONARDO_SERVER_URL"] + "/v1"
KEY = os.environ["LEONARDO_API_KEY"]
WIDTH, HEIGHT = 640, 512
DEADLINE_SECONDS = 60
REQUEST = {"prompt": "A lighthouse at dawn", "width": WIDTH, "height": HEIGHT, "num_images": 2, "seed": 42}
CUBE = b"# a triangle\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n"

sdk = LeonardoAiSDK(bearer_auth=KEY, server_url=SERVER_URL)
# The client of pictures and storage, which never carries the key.
web = httpx.Client()
# The operations of the SDK, and those that were called.
operations, called = set(), set()


class Group:
    """A group of the SDK, which notes what is called of it. Its responses are read by the SDK, and shown by the names
    that the service has for them."""

    def __init__(self, name):
        self.name, self.group = name, getattr(sdk, name)
        for method, _ in inspect.getmembers(type(self.group), inspect.isfunction):
            if not method.startswith("_") and not method.endswith("_async") and method in vars(type(self.group)):
                operations.add(f"{name}.{method}")

    def __getattr__(self, method):
        def call(**arguments):
            called.add(f"{self.name}.{method}")
            response = getattr(self.group, method)(**arguments)
            read = getattr(response, "object", None) or response.one_of
            return read.model_dump(by_alias=True, mode="json")

        return call


names = ("blueprints", "dataset", "elements", "image", "init_images", "models", "motion", "pricing_calculator", "prompt",
         "realtime_canvas", "texture", "three_d_model_assets", "user", "variation")
(blueprints, dataset, elements, image, init_images, models, motion, pricing_calculator, prompt, realtime_canvas, texture,
 three_d_model_assets, users, variation) = (Group(name) for name in names)


def expect(actual, wanted, what):
    if actual != wanted:
        raise AssertionError(f"{what} is {actual!r} and not {wanted!r}")


def step(name):
    """Runs the function it decorates at once and puts the result in its place."""

    def run(work):
        try:
            result = work()
        except Exception:
            print(f"FAIL  {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
            sys.exit(1)  # What follows builds on it.
        print(f"ok    {name}", flush=True)
        return result

    return run


def jpeg_size(data):
    """Width and height, from the frame header that every JPEG has."""
    expect((data[:2], data[-2:]), (b"\xff\xd8", b"\xff\xd9"), "the ends of the file")
    at = 2
    while at < len(data):
        marker, length = struct.unpack_from(">HH", data, at)
        if 0xFFC0 <= marker <= 0xFFC2:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + length
    raise AssertionError("no frame in the JPEG")


def ended(read, over="COMPLETE"):
    """Reads again and again until the work is over."""
    seen = []
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        record = read()
        if record["status"] not in seen:
            seen.append(record["status"])
        if record["status"] == over:
            return record, seen
        expect(record["status"] in ("PENDING", "QUEUED"), True, f"whether {record['status']} is no end")
        time.sleep(0.15)
    raise AssertionError("the work does not end")


def generation_of(generation_id):
    return image.get_generation_by_id(id=generation_id)["generations_by_pk"]


def complete(generation_id):
    return ended(lambda: generation_of(generation_id))[0]


def varied(variation_id):
    return ended(lambda: variation.get_variation_by_id(id=variation_id)["generated_image_variation_generic"][0])[0]


def fetched(url, kind):
    """What a link leads to, without the key."""
    response = web.get(url)
    expect((response.status_code, response.headers["content-type"]), (200, kind), "status and type")
    return response.content


def rest(path):
    """What the service says, of which the SDK does not know all."""
    response = web.get(SERVER_URL + path, headers={"authorization": f"Bearer {KEY}"})
    expect(response.status_code, 200, "the status")
    return response.json()


def film_of(generation_id):
    """The film of a generation, for which the SDK has no field."""
    record = rest(f"/generations/{generation_id}")["generations_by_pk"]
    film = fetched(record["generated_images"][0]["motionMP4URL"], "video/mp4")
    expect(film[4:8], b"ftyp", "the start of the film")
    return film


def upload(url, fields, data):
    """Fills in a presigned form; the file comes after the fields, as the storage wants it."""
    response = web.post(url, data=json.loads(fields), files={"file": ("file", data)})
    expect(response.status_code, 204, "the status of the storage")


def data_url(data):
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def refused(call, status):
    try:
        call()
    except errors.LeonardoAiSDKError as error:
        expect(error.status_code, status, "the status")
    else:
        raise AssertionError("no error of the SDK")


def listed(**options):
    return [one["id"] for one in image.get_generations_by_user_id(user_id=user, **options)["generations"]]


# user, image


@step("user id from /me")
def user():
    return users.get_user_self()["user_details"][0]["user"]["id"]


@step("create a generation")
def first():
    return image.create_generation(request=REQUEST)["sdGenerationJob"]["generationId"]


@step("poll it until COMPLETE")
def images():
    generation, seen = ended(lambda: generation_of(first))
    expect(seen, ["PENDING", "COMPLETE"], "the course of the status")
    expect(generation["prompt"], REQUEST["prompt"], "the prompt")
    expect(generation["seed"], REQUEST["seed"], "the seed")
    expect(len(generation["generated_images"]), REQUEST["num_images"], "the number of images")
    return generation["generated_images"]


@step("fetch its pictures without the key")
def picture():
    for one in images:
        data = fetched(one["url"], "image/jpeg")
        expect(jpeg_size(data), (WIDTH, HEIGHT), "the size")
    return data


@step("list the user's generations")
def _():
    expect(listed(limit=5, offset=0), [first], "the list")


@step("read the balance after a charge")
def _():
    left = users.get_user_self()["user_details"][0]["apiPaidTokens"]
    expect(isinstance(left, int), True, "whether the balance is an integer")


# init_images


@step("upload an init image")
def init():
    place = init_images.upload_init_image(request={"extension": "jpg"})["uploadInitImage"]
    upload(place["url"], place["fields"], picture)
    found = init_images.get_init_image_by_id(id=place["id"])["init_images_by_pk"]
    expect(found["id"], place["id"], "the id")
    expect(fetched(found["url"], "image/jpeg"), picture, "the picture")
    return found


@step("upload the picture of a canvas")
def _():
    request = {"init_extension": "jpg", "mask_extension": "jpg"}
    place = init_images.upload_canvas_init_image(request=request)["uploadCanvasInitImage"]
    # The SDK looks for the mask under a name that the service does not use.
    upload(place["initUrl"], place["initFields"], picture)


@step("create with the init image")
def second():
    request = {**REQUEST, "init_image_id": init["id"], "init_strength": 0.5}
    generation = complete(image.create_generation(request=request)["sdGenerationJob"]["generationId"])
    expect(generation["initStrength"], 0.5, "the strength")
    expect(listed(), [generation["id"], first], "the list")
    return generation["id"]


# variation


@step("create a small picture to work on")
def small():
    request = {**REQUEST, "width": 512, "height": 512, "num_images": 1}
    job = image.create_generation(request=request)["sdGenerationJob"]
    return complete(job["generationId"])["generated_images"][0]["id"]


@step("upscale it")
def _():
    done = varied(variation.create_variation_upscale(request={"id": small})["sdUpscaleJob"]["id"])
    expect(done["transformType"], "UPSCALE", "the kind")
    expect(jpeg_size(fetched(done["url"], "image/jpeg")), (1024, 1024), "the size")


@step("unzoom it")
def _():
    job = variation.create_variation_unzoom(request={"id": small, "is_variation": False})["sdUnzoomJob"]
    expect(jpeg_size(fetched(varied(job["id"])["url"], "image/jpeg")), (768, 768), "the size")


@step("remove its background")
def _():
    job = variation.create_variation_no_bg(request={"id": small, "is_variation": False})["sdNobgJob"]
    # The colour type in the header of every PNG: RGB with alpha.
    expect(fetched(varied(job["id"])["url"], "image/png")[25], 6, "the colour type")


@step("upscale it universally")
def _():
    request = {"generated_image_id": small, "upscaler_style": "GENERAL", "creativity_strength": 3, "upscale_multiplier": 2}
    job = variation.create_universal_upscaler_job(request=request)["universalUpscaler"]
    # Its kind has no word in the SDK, which therefore cannot read the record of this one.
    ended(lambda: rest(f"/variations/{job['id']}")["generated_image_variation_generic"][0])


# motion


@step("make a video out of a picture")
def video():
    request = {"prompt": "The waves roll in", "image_id": small, "image_type": "GENERATED", "resolution": "RESOLUTION_480"}
    job = motion.create_image_to_video_generation(request=request)["motionVideoGenerationJob"]
    record = complete(job["generationId"])
    fetched(record["generated_images"][0]["url"], "image/jpeg")
    film_of(record["id"])
    return record["id"]


@step("make videos otherwise")
def _():
    request = {"prompt": "The tide comes in", "model": "MOTION2"}
    text = motion.create_text_to_video_generation(request=request)["motionVideoGenerationJob"]
    svd = motion.create_svd_motion_generation(request={"image_id": small, "motion_strength": 3})["motionSvdGenerationJob"]
    complete(text["generationId"])
    complete(svd["generationId"])


@step("upscale a video")
def _():
    request = {"source_generation_id": video, "resolution": "RESOLUTION_720"}
    job = motion.create_video_upscale(request=request)["motionVideoGenerationJob"]
    read = variation.get_motion_variation_by_id
    record, _ = ended(lambda: read(id=job["variationId"])["generated_image_variation_motion"][0])
    fetched(record["url"], "video/mp4")


# dataset, elements, models


@step("fill a data set")
def harbour():
    made = dataset.create_dataset(request={"name": "harbour", "description": "of one style"})["insert_datasets_one"]
    for _ in range(9):
        place = dataset.upload_dataset_image(dataset_id=made["id"], request_body={"extension": "jpg"})["uploadDatasetImage"]
        upload(place["url"], place["fields"], picture)
    dataset.upload_dataset_image_from_gen(dataset_id=made["id"], request_body={"generated_image_id": small})
    found = dataset.get_dataset_by_id(id=made["id"])["datasets_by_pk"]["dataset_images"]
    expect(len(found), 10, "the number of pictures")
    expect(fetched(found[0]["url"], "image/jpeg"), picture, "the picture")
    return made["id"]


@step("train an element")
def _():
    job = elements.create_element(request={
        "name": "harbour", "dataset_id": harbour, "instance_prompt": "harbourstyle", "lora_focus": "Style",
        "sd_version": "FLUX_DEV", "num_train_epochs": 100, "learning_rate": 0.00001, "train_text_encoder": False,
        "resolution": 1024,
    })["sdTrainingJob"]
    element = job["userLoraId"]
    ended(lambda: elements.get_element_by_id(id=element)["user_loras_by_pk"])
    own = elements.get_custom_elements_by_user_id(user_id=user)["user_loras"]
    expect([one["id"] for one in own], [element], "the elements")
    expect(len(elements.list_elements()["loras"]) > 0, True, "whether the platform has some")
    elements.delete_element_by_id(id=element)
    expect(elements.get_element_by_id(id=element)["user_loras_by_pk"], None, "the element")


@step("train a model")
def _():
    request = {"name": "harbour", "dataset_id": harbour, "instance_prompt": "harbourstyle", "resolution": 512}
    model = models.create_model(request=request)["sdTrainingJob"]["customModelId"]
    ended(lambda: models.get_model_by_id(id=model)["custom_models_by_pk"])
    own = models.get_custom_models_by_user_id(user_id=user)["custom_models"]
    expect([one["id"] for one in own], [model], "the models")
    expect(len(models.list_platform_models()["custom_models"]) > 0, True, "whether the platform has some")
    models.delete_model_by_id(id=model)
    expect(models.get_model_by_id(id=model)["custom_models_by_pk"], None, "the model")
    dataset.delete_dataset_by_id(id=harbour)
    expect(dataset.get_dataset_by_id(id=harbour)["datasets_by_pk"], None, "the data set")


# prompt, pricing_calculator, realtime_canvas


@step("improve a prompt, and have one made up")
def _():
    for made in (prompt.prompt_improve(request={"prompt": "a pier"}), prompt.prompt_random()):
        expect(len(made["promptGeneration"]["prompt"]) > 0, True, "whether there is a prompt")


@step("ask for a price")
def _():
    image_generation = {"image_width": WIDTH, "image_height": HEIGHT, "num_images": 2, "inference_steps": 10}
    request = {"service": "IMAGE_GENERATION", "service_params": {"image_generation": image_generation}}
    cost = pricing_calculator.pricing_calculator(request=request)["calculateProductionApiServiceCost"]["cost"]
    expect(cost > 0, True, "whether it costs something")


@step("paint on the realtime canvas")
def _():
    canvas = {"image_data_url": data_url(picture), "prompt": "a pier", "width": 512, "height": 512, "request_timestamp": "7"}
    job = realtime_canvas.create_lcm_generation(request=canvas)["lcmGenerationJob"]
    expect(job["requestTimestamp"], "7", "the time of the request")
    painted = job["imageDataUrl"][0]
    expect(jpeg_size(base64.b64decode(painted.split(",")[1])), (512, 512), "the size")
    canvas["image_data_url"] = painted
    realtime_canvas.perform_instant_refine(request=canvas)
    realtime_canvas.perform_inpainting_lcm(request={**canvas, "mask_data_url": painted})
    upscaled = realtime_canvas.perform_alchemy_upscale_lcm(request=canvas)["lcmGenerationJob"]
    expect(len(upscaled["imageDataUrl"]) > 0, True, "whether there is a picture")


# three_d_model_assets, texture


@step("upload a 3D model")
def cube():
    request = {"model_extension": "obj", "name": "a cube"}
    place = three_d_model_assets.upload_model_asset(request=request)["uploadModelAsset"]
    upload(place["modelUrl"], place["modelFields"], CUBE)
    found = three_d_model_assets.get3_d_model_by_id(id=place["modelId"])["model_assets_by_pk"]
    expect(web.get(found["meshUrl"]).content, CUBE, "the model")
    own = three_d_model_assets.get3_d_models_by_user_id(user_id=user)["model_assets"]
    expect([one["id"] for one in own], [place["modelId"]], "the models")
    return place["modelId"]


@step("paint a 3D model")
def _():
    request = {"model_asset_id": cube, "prompt": "silver", "preview": False, "seed": 7}
    job = texture.create_texture_generation(request=request)["textureGenerationJob"]
    read = texture.get_texture_generation_by_id
    done, _ = ended(lambda: read(id=job["id"])["model_asset_texture_generations_by_pk"])
    kinds = {one["type"] for one in done["model_asset_texture_images"]}
    expect({"ALBEDO", "NORMAL", "ROUGHNESS"} <= kinds, True, f"whether {kinds} are all")
    for one in done["model_asset_texture_images"]:
        expect(web.get(one["url"]).status_code, 200, "the status of a texture")
    own = texture.get_texture_generations_by_model_id(model_id=cube)["model_asset_texture_generations"]
    expect([one["id"] for one in own], [job["id"]], "the textures")
    texture.delete_texture_generation_by_id(id=job["id"])
    expect(read(id=job["id"])["model_asset_texture_generations_by_pk"], None, "the texture")
    deleted = three_d_model_assets.delete3_d_model_by_id(id=cube)["delete_model_assets_by_pk"]
    expect(deleted["id"], cube, "the deleted id")


# blueprints


@step("execute a blueprint")
def _():
    edges = blueprints.list_blueprints(request={"first": 10})["blueprints"]["edges"]
    for edge in edges:
        blueprint = edge["node"]["akUUID"]
        expect(blueprints.get_blueprint_by_id(id=blueprint)["blueprint"]["akUUID"], blueprint, "the id")
        found = blueprints.get_blueprint_versions_by_blueprint_id(id=blueprint)["blueprintVersions"]["edges"]
        # The SDK takes the inputs of a version for empty.
        version = rest(f"/blueprints/{blueprint}/versions")["blueprintVersions"]["edges"][0]["node"]
        expect(found[0]["node"]["akUUID"], version["akUUID"], "the id of a version")
        inputs = []
        for one in version["uiMetadata"]["inputs"]:
            value = "a red bicycle"
            if one["settingName"] == "imageUrl":
                value = init["url"]
            elif one["settingName"] == "textVariables":
                value = [{"name": one["variable"], "value": value}]
            inputs.append({"node_id": one["nodeId"], "setting_name": one["settingName"], "value": value})
        request = {
            "blueprint_version_id": version["akUUID"],
            "input": {"node_inputs": inputs, "public": False, "collection_ids": []},
        }
        run = blueprints.execute_blueprint(request=request)["executeBlueprint"]["akUUID"]
        ended(lambda: blueprints.get_blueprint_execution(id=run)["blueprintExecution"], "COMPLETED")
        request = {"id": run, "first": 50}
        outputs = blueprints.get_blueprint_execution_generations(request=request)["blueprintExecutionGenerations"]["edges"]
        expect(len(outputs) > 0, True, "whether there are outputs")
        for output in outputs:
            expect(output["node"]["status"], "COMPLETED", "the status of an output")
            made = complete(output["node"]["generationId"])
            fetched(made["generated_images"][0]["url"], "image/jpeg")


# What is over, and what is wrong


@step("delete the generations")
def _():
    for generation_id in (first, second):
        deleted = image.delete_generation_by_id(id=generation_id)["delete_generations_by_pk"]
        expect(deleted["id"], generation_id, "the deleted id")
        expect(generation_of(generation_id), None, "the generation")
        expect(generation_id in listed(limit=5), False, "whether it is still listed")


@step("delete the init image")
def _():
    deleted = init_images.delete_init_image_by_id(id=init["id"])["delete_init_images_by_pk"]
    expect(deleted["id"], init["id"], "the deleted id")
    expect(init_images.get_init_image_by_id(id=init["id"])["init_images_by_pk"], None, "the init image")


@step("a wrong key is an error of the SDK (401)")
def _():
    stranger = LeonardoAiSDK(bearer_auth="00000000-0000-4000-8000-000000000000", server_url=SERVER_URL)
    refused(lambda: stranger.image.create_generation(request=REQUEST), 401)
    refused(stranger.user.get_user_self, 401)


@step("a malformed key is an error of the SDK (500)")
def _():
    stranger = LeonardoAiSDK(bearer_auth="not-a-key", server_url=SERVER_URL)
    refused(stranger.user.get_user_self, 500)


@step(f"all {len(operations)} operations of the SDK were called")
def _():
    expect(len(operations), 55, "the number of operations")
    expect(sorted(operations - called), [], "what was not called")
