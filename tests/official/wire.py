"""Holds what the golden files say is sent against what the official Python SDK sends for the same request.

Run by hand, with the SDK of the version that `docs/from-python.md` names:

    python -m venv sdk && sdk/bin/pip install Leonardo-Ai-SDK==7.0.0
    sdk/bin/python tests/official/wire.py

For each operation of the SDK, each case of its golden file is given to the SDK's own types under the names on the wire, and
sent by it to a transport that answers with the case's response. Method, path, query and body must be the same. Prints what
differs, and ends with status 1 if anything does that is not listed below.
"""

import json
import pathlib
import sys
import typing

import httpx
import pydantic
from leonardo_ai_sdk import LeonardoAiSDK

GOLDEN = pathlib.Path(__file__).parent.parent / "golden"
PREFIX = "/api/rest"
# What the SDK sends although the request does not have it: its own copies of the service's defaults, which this crate leaves
# to the service. Null is not sent here either.
ADDED = {
    "blueprints_list_blueprints": {"first": 10},
    "elements_create_element": {"description": "", "instance_prompt": "", "resolution": 1024},
    "image_create_generation": dict.fromkeys(
        ("alchemy", "height", "modelId", "num_images", "presetStyle", "width")),
    "models_create_model": {
        "description": "", "modelType": "GENERAL", "nsfw": False, "resolution": 512, "strength": "MEDIUM"},
    "motion_create_image_to_video_generation": {"model": "MOTION2"},
    "motion_create_text_to_video_generation": {"model": "MOTION2", "duration": 8},
    "realtime_canvas_create_lcm_generation": {"width": 512, "height": 512},
    "realtime_canvas_perform_alchemy_upscale_lcm": {"width": 512, "height": 512},
    "realtime_canvas_perform_inpainting_lcm": {"width": 512, "height": 512},
    "realtime_canvas_perform_instant_refine": {"width": 512, "height": 512},
    "texture_get_texture_generation_by_id": {"limit": "10", "offset": "0"},
    "texture_get_texture_generations_by_model_id": {"limit": "10", "offset": "0"},
    "three_d_model_assets_get_3d_model_by_id": {"limit": "10", "offset": "0"},
    "three_d_model_assets_get_3d_models_by_user_id": {"limit": "10", "offset": "0"},
    "variation_create_universal_upscaler_job": {
        "creativityStrength": 5, "upscaleMultiplier": 1.5, "upscalerStyle": "GENERAL"},
}
# What the SDK leaves out, since it does not know it: fields that only guides name, and those that the golden files invent to
# show that a field that is newer than the crate is sent.
UNKNOWN = {"styleUUID", "influence", "newer", "folder", "collection", "priority", "caption", "material"}


def groups():
    for name in ("blueprints", "dataset", "elements", "image", "init_images", "models", "motion", "pricing_calculator",
                 "prompt", "realtime_canvas", "texture", "three_d_model_assets", "user", "variation"):
        yield name


def methods(sdk):
    for group in groups():
        for method in vars(type(getattr(sdk, group))):
            if not method.startswith("_") and not method.endswith("_async"):
                yield group, method


def golden_of(group, method):
    name = f"{group}_{method}".replace("get3_d", "get_3d").replace("delete3_d", "delete_3d")
    path = GOLDEN / f"{name}.json"
    cases = json.loads(path.read_text())
    return name, cases if isinstance(cases, list) else [cases]


def model_of(annotation):
    """The type of a request among those that a parameter takes."""
    for one in (annotation, *typing.get_args(annotation)):
        if isinstance(one, type) and issubclass(one, pydantic.BaseModel):
            return one
        for inner in typing.get_args(one):
            if isinstance(inner, type) and issubclass(inner, pydantic.BaseModel):
                return inner
    return None


def snake(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def arguments(function, call):
    hints = typing.get_type_hints(function)
    ids = {snake(name): value for name, value in call.get("ids", {}).items()}
    request = call.get("request")
    given = {}
    for name in ("request", "request_body"):
        # A page is asked for in the query, and not in the body of a GET.
        if name not in hints or request is None or "limit" in hints:
            continue
        model = model_of(hints[name])
        fields = dict(request)
        if model is not None and "id" in model.model_fields and "id" in ids and name == "request":
            fields["id"] = ids.pop("id")
        given[name] = model.model_validate(fields) if model is not None else fields
    if request and "limit" in hints:
        given.update({snake(name): value for name, value in request.items()})
    for name, value in ids.items():
        target = next((one for one in (name, "id") if one in hints), None)
        given[target or name] = int(value) if hints.get(target) is int else value
    return given


def sent_by(group, method, case):
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, json=case["response"], headers={"content-type": "application/json"})

    client = httpx.Client(transport=httpx.MockTransport(answer))
    sdk = LeonardoAiSDK(bearer_auth="k", client=client, server_url=f"http://sdk{PREFIX}/v1")
    function = getattr(getattr(sdk, group), method)
    given = arguments(function, case.get("call", {}))
    try:
        function(**given)
    except Exception:
        # What the SDK makes of the response is none of this test's business.
        if not seen:
            raise
    request = seen[0]
    body = json.loads(request.content) if request.content else None
    query = {name: value for name, value in request.url.params.items()}
    return {"method": request.method, "path": request.url.path.removeprefix(PREFIX), "query": query, "body": body}


def text(value):
    return value if isinstance(value, str) else json.dumps(value)


def compare(name, path, ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in ours:
                if (key, theirs[key]) not in ADDED.get(name, {}).items():
                    yield f"adds {path}{key}: {json.dumps(theirs[key])}"
            elif key not in theirs:
                if key not in UNKNOWN:
                    yield f"leaves out {path}{key}: {json.dumps(ours[key])}"
            else:
                yield from compare(name, f"{path}{key}.", ours[key], theirs[key])
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (one, other) in enumerate(zip(ours, theirs)):
            yield from compare(name, f"{path}{at}.", one, other)
    elif ours != theirs:
        yield f"{path}: {json.dumps(ours)} here, {json.dumps(theirs)} there"


def differences(name, case, theirs):
    ours = case["sent"]
    yield from compare(name, "", {part: ours[part] for part in ("method", "path")},
                       {part: theirs[part] for part in ("method", "path")})
    yield from compare(name, "query ", {key: text(value) for key, value in ours.get("query", {}).items()}, theirs["query"])
    # A body that has nothing but defaults is none here.
    yield from compare(name, "", ours.get("body") or {}, theirs["body"] or {})


def main():
    sdk = LeonardoAiSDK(bearer_auth="k")
    compared, refused, differing = 0, {}, {}
    for group, method in methods(sdk):
        name, cases = golden_of(group, method)
        for case in cases:
            try:
                theirs = sent_by(group, method, case)
            except (pydantic.ValidationError, TypeError, ValueError, AttributeError) as error:
                refused.setdefault(name, []).append(f"{case.get('case', '')}: {str(error).splitlines()[0]}")
                continue
            compared += 1
            for difference in differences(name, case, theirs):
                differing.setdefault(name, {}).setdefault(difference, case.get("case", ""))
    for name, found in refused.items():
        for one in found:
            print(f"refused by the SDK | {name} | {one}")
    for name, found in differing.items():
        for difference, case in found.items():
            print(f"{name} | {difference} | {case}")
    print(f"{compared} requests of {len(set(methods(sdk)))} operations are the same but for what is listed, "
          f"{sum(map(len, refused.values()))} are refused by the SDK's own types")
    sys.exit(bool(differing))


main()
