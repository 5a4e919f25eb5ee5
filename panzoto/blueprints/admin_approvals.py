"""For administrators: which emails may have an account."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag

from panzoto.flows.admin import approved
from panzoto.models.approved_emails import Approval
from panzoto.web.guards import admin, by_admin, by_staff, staff
from panzoto.web.requests import deps
from panzoto.web.schemas import ErrorBody
from panzoto.web.shapes import admin as shapes
from panzoto.web.shapes import admin_answers as answers

TAG = Tag(name="admin", description="For administrators and supporters.")
REFUSED: dict[int | str, Any] = {401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody}

admin_approvals = APIBlueprint("admin_approvals", __name__, url_prefix="/api/v1/admin/approvals", abp_tags=[TAG])


@admin_approvals.get("", summary="Approved emails", responses={200: answers.ApprovalList, **REFUSED})
@by_staff
def get_approvals(query: shapes.Search) -> Response:
    """Approvals by email: all, those that begin so, one, or those of a domain."""
    page = approved.list_approvals(deps(), staff(), query.search, limit=query.limit, cursor=query.cursor)
    return jsonify(approvals=[approval(each) for each in page.items], cursor=page.cursor)


@admin_approvals.post("", summary="Approve an email", responses={201: answers.ApprovalShape, **REFUSED})
@by_admin
def post_approval(body: shapes.NewApproval) -> tuple[Response, int]:
    """Approve an email that is not approved yet."""
    return jsonify(approval(approved.add_approval(deps(), admin(), body.email, body.ends, body.metadata))), 201


@admin_approvals.post("/import", summary="Approve many emails", responses={200: answers.ImportedShape, **REFUSED})
@by_admin
def post_import(body: shapes.Import) -> Response:
    """Approve every row of a CSV. A row that is wrong is told, and the others land."""
    return jsonify(asdict(approved.import_approvals(deps(), admin(), body.csv)))


@admin_approvals.get("/<email:email>", summary="One approval", responses={200: answers.ApprovalShape, **REFUSED})
@by_staff
def get_approval(path: shapes.EmailPath) -> Response:
    """The approval of an email."""
    return jsonify(approval(approved.find_approval(deps(), staff(), path.email)))


@admin_approvals.put("/<email:email>", summary="Change an approval", responses={200: answers.ApprovalShape, **REFUSED})
@by_admin
def put_approval(path: shapes.EmailPath, body: shapes.Change) -> Response:
    """Change what an approval says; where it ends sooner, sessions end with it. With `version` no other is changed."""
    changed = approved.edit_approval(deps(), admin(), path.email, body.ends, body.metadata, body.version)
    return jsonify(approval(changed))


@admin_approvals.delete("/<email:email>", summary="End an approval", responses={200: answers.ApprovalShape, **REFUSED})
@by_admin
def delete_approval(path: shapes.EmailPath) -> Response:
    """Take an approval away, and end the sessions that it allowed."""
    return jsonify(approval(approved.end_approval(deps(), admin(), path.email)))


def approval(found: Approval) -> dict[str, object]:
    """An approval, and whether it holds now."""
    return {**asdict(found), "holds": found.holds(deps().clock())}
