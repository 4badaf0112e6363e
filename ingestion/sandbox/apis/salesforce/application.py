"""The stand-in of Salesforce: all its routes over what one org holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from ingestion.sandbox.apis.faults import Faults
from ingestion.sandbox.apis.salesforce import bulk_routes, oauth_routes, rest_routes
from ingestion.sandbox.apis.salesforce.fault_names import FAULTS
from ingestion.sandbox.apis.salesforce.gate import guarded
from ingestion.sandbox.apis.salesforce.options import Options
from ingestion.sandbox.apis.salesforce.org import Org
from ingestion.sandbox.apis.salesforce.refusal import Refusal, not_found

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from ingestion.sandbox.apis.present import Present
    from ingestion.sandbox.apis.salesforce.call import Call
    from ingestion.sandbox.systems.held import Held

_VERSION = "/services/data/v{version}"
_JOBS = f"{_VERSION}/jobs/query"
# Name, method, path, handler; a path also with a slash at its end.
_ROUTES: tuple[tuple[str, str, str, Callable[[Call], Response]], ...] = (
    ("resources", "GET", _VERSION, rest_routes.list_resources),
    ("limits", "GET", f"{_VERSION}/limits", rest_routes.show_limits),
    ("objects", "GET", f"{_VERSION}/sobjects", rest_routes.list_objects),
    ("describe", "GET", f"{_VERSION}/sobjects/{{name}}/describe", rest_routes.describe_object),
    ("deleted", "GET", f"{_VERSION}/sobjects/{{name}}/deleted", rest_routes.list_deleted),
    ("query", "GET", f"{_VERSION}/query", rest_routes.query),
    ("query_all", "GET", f"{_VERSION}/queryAll", rest_routes.query_all),
    ("query_more", "GET", f"{_VERSION}/query/{{locator}}", rest_routes.query_more),
    ("query_more", "GET", f"{_VERSION}/queryAll/{{locator}}", rest_routes.query_more),
    ("create_job", "POST", _JOBS, bulk_routes.create_job),
    ("list_jobs", "GET", _JOBS, bulk_routes.list_jobs),
    ("poll_job", "GET", f"{_JOBS}/{{job}}", bulk_routes.poll_job),
    ("change_job", "PATCH", f"{_JOBS}/{{job}}", bulk_routes.change_job),
    ("delete_job", "DELETE", f"{_JOBS}/{{job}}", bulk_routes.delete_job),
    ("results", "GET", f"{_JOBS}/{{job}}/results", bulk_routes.show_results),
    ("result_pages", "GET", f"{_JOBS}/{{job}}/resultPages", bulk_routes.list_result_pages),
)
# These ask for no token.
_OPEN_ROUTES: tuple[tuple[str, str, str, Callable[[Call], Response]], ...] = (
    ("token", "POST", "/services/oauth2/token", oauth_routes.grant_token),
    ("versions", "GET", "/services/data", rest_routes.list_versions),
)


def salesforce_application(
    held: Held, present: Present, faults: Faults | None = None, options: Options | None = None
) -> Starlette:
    """Return the application: OAuth, REST and Bulk 2.0 over what an org holds at the present.

    Its `state.org` is the `Org` behind it, with what it counted and the sessions that it gave.
    Raises ValueError for a fault that it does not know.
    """
    faults = faults or Faults()
    unknown = faults.rates.keys() - FAULTS.keys()
    if unknown:
        raise ValueError(f"no such faults at Salesforce: {sorted(unknown)}")
    org = Org(held, present, faults, options or Options())
    application = Starlette(
        routes=[
            Route(f"{path}{slash}", guarded(org, name, handler, is_open=is_open), methods=[method])
            for routes, is_open in ((_OPEN_ROUTES, True), (_ROUTES, False))
            for name, method, path, handler in routes
            for slash in ("", "/")
        ],
        exception_handlers={404: _no_route, 405: _no_method},
    )
    application.router.redirect_slashes = False
    application.state.org = org
    return application


async def _no_route(_request: Request, _error: Exception) -> Response:
    return not_found().answer()


async def _no_method(request: Request, error: Exception) -> Response:
    allowed = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    message = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
    return Refusal(405, "METHOD_NOT_ALLOWED", message).answer()
