"""The stand-in as one application: the table of its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.marketo.download import download, mishaps, no_file
from ingestion.sandbox.apis.marketo.extract_request import activity_request, lead_request
from ingestion.sandbox.apis.marketo.gate import Gate, Resource
from ingestion.sandbox.apis.marketo.instance import Instance
from ingestion.sandbox.apis.marketo.options import MarketoOptions
from ingestion.sandbox.apis.marketo.refusal import Refusal
from ingestion.sandbox.apis.marketo.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from ingestion.sandbox.apis.marketo.call import Call
    from ingestion.sandbox.apis.marketo.extract_request import ExtractRequest
    from ingestion.sandbox.apis.marketo.gate import Answer
    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.systems.held import Held

_POST = ("POST",)


def marketo_application(
    held: Held,
    present: Present,
    faults: Faults | None = None,
    options: MarketoOptions | None = None,
) -> Starlette:
    """Return the stand-in of one instance as an ASGI application.

    `state.counts` of it holds what it did (see `Counts`). Raises KeyError if the instance lacks
    leads, programs or campaigns, or has a log of an unknown type.
    """
    instance = Instance(held, present, faults or Faults(), options or MarketoOptions())
    application = Starlette(
        routes=[Route(one.path, Gate(instance, one)) for one in _resources(instance)]
    )
    application.state.counts = instance.counts
    return application


def _resources(instance: Instance) -> list[Resource]:
    leads, activities, assets = instance.leads, instance.activities, instance.assets
    usage, options = Usage(instance.counts), instance.options
    return [
        Resource("/identity/oauth/token", _grant(instance), ("GET", "POST"), is_open=True),
        Resource("/rest/v1/stats/usage.json", usage.calls),
        Resource("/rest/v1/stats/errors.json", usage.errors),
        Resource("/rest/v1/leads/describe.json", leads.describe),
        Resource("/rest/v1/leads/describe2.json", leads.describe_2),
        Resource("/rest/v1/leads/partitions.json", leads.partitions),
        Resource("/rest/v1/leads.json", leads.some),
        Resource("/rest/v1/lead/{id}.json", leads.one),
        Resource("/rest/v1/activities/types.json", activities.types),
        Resource("/rest/v1/activities/pagingtoken.json", activities.paging_token),
        Resource("/rest/v1/activities/leadchanges.json", activities.lead_changes),
        Resource("/rest/v1/activities/deletedleads.json", activities.deleted_leads),
        Resource("/rest/v1/activities.json", activities.page),
        Resource("/rest/v1/lists.json", assets.lists),
        Resource("/rest/v1/campaigns.json", assets.campaigns),
        Resource("/rest/v1/campaigns/{id}.json", assets.campaign),
        Resource("/rest/asset/v1/programs.json", assets.programs),
        Resource("/rest/asset/v1/tagTypes.json", assets.tag_types),
        Resource("/rest/asset/v1/emails.json", assets.emails),
        Resource("/rest/asset/v1/landingPages.json", assets.landing_pages),
        Resource("/rest/asset/v1/program/{id}.json", assets.program),
        Resource("/rest/asset/v1/channels.json", assets.channels),
        *_exports(instance, "leads", lambda call: lead_request(call.json(), leads, options)),
        *_exports(
            instance,
            "activities",
            lambda call: activity_request(call.json(), instance.store, options),
        ),
        Resource("/{path:path}", _unknown, ("GET", "POST", "PUT", "DELETE")),
    ]


def _exports(
    instance: Instance, object_: str, request_of: Callable[[Call], ExtractRequest]
) -> list[Resource]:
    exports, path = instance.exports, f"/bulk/v1/{object_}/export"
    job = path + "/{id}"
    return [
        Resource(
            f"{path}/create.json",
            lambda call: exports.create(object_, request_of(call), call),
            _POST,
        ),
        Resource(f"{path}.json", lambda call: exports.jobs(object_, call)),
        Resource(f"{job}/enqueue.json", lambda call: exports.enqueue(object_, call), _POST),
        Resource(f"{job}/cancel.json", lambda call: exports.cancel(object_, call), _POST),
        Resource(f"{job}/status.json", lambda call: exports.status(object_, call)),
        Resource(f"{job}/file.json", _file(instance, object_, f"{job}/file.json")),
    ]


def _file(instance: Instance, object_: str, place: str) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        file = instance.exports.file(object_, call)
        if file is None:
            return no_file()
        return download(
            file,
            call.headers,
            mishaps(instance.faults, place),
            gzips=instance.options.gzips_files,
            at_end=lambda: instance.counts.served(place, file.records),
        )

    return answer


def _grant(instance: Instance) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        told = call.parameters
        if told.get("grant_type") != "client_credentials":
            error = {"error": "unsupported_grant_type", "error_description": "Unsupported"}
            return JSONResponse(error, status_code=400)
        client, secret = told.get("client_id", ""), told.get("client_secret", "")
        granted = instance.identity.grant(client, secret)
        if granted is None:
            error = {
                "error": "invalid_client",
                "error_description": "Bad client credentials",
            }
            return JSONResponse(error, status_code=401)
        return JSONResponse(granted)

    return answer


def _unknown(_call: Call) -> Answer:
    raise Refusal("610")
