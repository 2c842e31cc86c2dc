"""Identifiers, as distinct types so that one is never passed for another."""

from typing import NewType

DossierCode = NewType("DossierCode", str)
"""The citizen's one code, e.g. ``H29.12-260302-0001``; also the root stream's name and the workflow's id."""
Stream = NewType("Stream", str)
"""A stream's name: the dossier's code for the root, ``<code>/L1`` for a linked part, ``<code>/L1/L2`` within it."""
CommandId = NewType("CommandId", str)
ProcedureCode = NewType("ProcedureCode", str)
AuthorityId = NewType("AuthorityId", str)
OfficerId = NewType("OfficerId", str)
DelegationId = NewType("DelegationId", str)
CalendarId = NewType("CalendarId", str)
Version = NewType("Version", str)
"""A content address (hex SHA-256 prefix) of a procedure or calendar: the version a dossier pins."""
