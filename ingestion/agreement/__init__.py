"""The agreement of sales and marketing: read, checked, guarded, landed, and put into words."""

from ingestion.agreement.cautions import cautions
from ingestion.agreement.document import document
from ingestion.agreement.past import check_past_versions, land_agreement
from ingestion.agreement.problem import AgreementError
from ingestion.agreement.reader import read_agreement
from ingestion.agreement.schema import json_schema
from ingestion.agreement.scorecards import scorecard_metrics
from ingestion.agreement.tables import tables
from ingestion.agreement.version import Agreement, Version
from ingestion.yaml_tree import Problem

__all__ = [
    "Agreement",
    "AgreementError",
    "Problem",
    "Version",
    "cautions",
    "check_past_versions",
    "document",
    "json_schema",
    "land_agreement",
    "read_agreement",
    "scorecard_metrics",
    "tables",
]
