"""The life of a generation and of an init image through the official Python SDK, which knows nothing of the emulator:
it is only given another server. Prints a line for each step; ends with status 1 if one of them fails."""

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
WIDTH, HEIGHT = 640, 512
DEADLINE_SECONDS = 60
REQUEST = {"prompt": "A lighthouse at dawn", "width": WIDTH, "height": HEIGHT, "num_images": 2, "seed": 42}


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


def complete(generation_id):
    seen = []
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        generation = sdk.image.get_generation_by_id(id=generation_id).object.generations_by_pk
        if generation.status.value not in seen:
            seen.append(generation.status.value)
        if generation.status != "PENDING":
            expect(generation.status.value, "COMPLETE", "the status")
            return generation, seen
        expect(generation.generated_images, [], "the images before the end")
        time.sleep(0.2)
    raise AssertionError("the generation is still pending")


def refused(call, status):
    try:
        call()
    except errors.LeonardoAiSDKError as error:
        expect(error.status_code, status, "the status")
    else:
        raise AssertionError("no error of the SDK")


def listed(**options):
    response = sdk.image.get_generations_by_user_id(user_id=user, **options)
    return [generation.id for generation in response.object.generations]


sdk = LeonardoAiSDK(bearer_auth=os.environ["LEONARDO_API_KEY"], server_url=SERVER_URL)
# The client of pictures and storage, which never carries the key.
web = httpx.Client()


@step("user id from /me")
def user():
    return sdk.user.get_user_self().object.user_details[0].user.id


@step("create a generation")
def first():
    return sdk.image.create_generation(request=REQUEST).object.sd_generation_job.generation_id


@step("poll it until COMPLETE")
def images():
    generation, seen = complete(first)
    expect(seen, ["PENDING", "COMPLETE"], "the course of the status")
    expect(generation.prompt, REQUEST["prompt"], "the prompt")
    expect(generation.seed, REQUEST["seed"], "the seed")
    expect(len(generation.generated_images), REQUEST["num_images"], "the number of images")
    return generation.generated_images


@step("fetch its pictures without the key")
def picture():
    for image in images:
        response = web.get(image.url)
        expect(response.status_code, 200, "the status")
        expect(response.headers["content-type"], "image/jpeg", "the type")
        expect(jpeg_size(response.content), (WIDTH, HEIGHT), "the size")
    return response.content


@step("list the user's generations")
def _():
    expect(listed(limit=5, offset=0), [first], "the list")


@step("read the balance after a charge")
def _():
    left = sdk.user.get_user_self().object.user_details[0].api_paid_tokens
    expect(isinstance(left, int), True, "whether the balance is an integer")


@step("upload an init image")
def init():
    upload = sdk.init_images.upload_init_image(request={"extension": "jpg"}).object.upload_init_image
    # The file comes after the fields, as the storage wants it.
    response = web.post(upload.url, data=json.loads(upload.fields), files={"file": ("init.jpg", picture)})
    expect(response.status_code, 204, "the status of the storage")
    found = sdk.init_images.get_init_image_by_id(id=upload.id).object.init_images_by_pk
    expect(found.id, upload.id, "the id")
    return upload.id


@step("create with the init image")
def second():
    request = {**REQUEST, "init_image_id": init, "init_strength": 0.5}
    job = sdk.image.create_generation(request=request).object.sd_generation_job
    generation, _seen = complete(job.generation_id)
    expect(generation.init_strength, 0.5, "the strength")
    expect(listed(), [generation.id, first], "the list")
    return generation.id


@step("delete the generations")
def _():
    for generation_id in (first, second):
        deleted = sdk.image.delete_generation_by_id(id=generation_id).object.delete_generations_by_pk
        expect(deleted.id, generation_id, "the deleted id")
        gone = sdk.image.get_generation_by_id(id=generation_id).object.generations_by_pk
        expect(gone, None, "the generation")
    expect(listed(), [], "the list")


@step("delete the init image")
def _():
    deleted = sdk.init_images.delete_init_image_by_id(id=init).object.delete_init_images_by_pk
    expect(deleted.id, init, "the deleted id")
    gone = sdk.init_images.get_init_image_by_id(id=init).object.init_images_by_pk
    expect(gone, None, "the init image")


@step("a wrong key is an error of the SDK (401)")
def _():
    stranger = LeonardoAiSDK(bearer_auth="00000000-0000-4000-8000-000000000000", server_url=SERVER_URL)
    refused(lambda: stranger.image.create_generation(request=REQUEST), 401)
    refused(stranger.user.get_user_self, 401)


@step("a malformed key is an error of the SDK (500)")
def _():
    stranger = LeonardoAiSDK(bearer_auth="not-a-key", server_url=SERVER_URL)
    refused(stranger.user.get_user_self, 500)
