"""What schemathesis needs to know of this program: how one signs in, media types that it has no writer for, and the rules
that no schema can say.

Started by script/attack, which says in ATTACK_EMAIL and ATTACK_PASSWORD, or in ATTACK_TOKEN, who is attacking; nobody where
none is set.
"""

import ipaddress
import json
import os
import random
import re
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

URL = os.environ["ATTACK_URL"]


def request(method: str, path: str, headers: dict, body=None):
    """An answer of the server; without the session of the attack."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(URL + path, data=data, headers=headers, method=method)
    return urllib.request.urlopen(asked, timeout=30)


def sign_in() -> str:
    """A new session's access token."""
    # The address of the attack is soon refused for its many wrong passwords; this one is somebody else's.
    address = ipaddress.IPv4Address("10.0.0.0") + random.SystemRandom().randrange(1 << 24)
    headers = {"Content-Type": "application/json", "X-Forwarded-For": str(address)}
    body = {"email": os.environ["ATTACK_EMAIL"], "password": os.environ["ATTACK_PASSWORD"]}
    with request("POST", "/api/v1/auth/login", headers, body) as answer:
        return json.load(answer)["access_token"]


def with_version(case, token: str):
    """The version of now, so that a change gets beyond If-Match."""
    if case.method not in ("PATCH", "PUT") or "If-Match" not in (case.headers or {}):
        return
    if case.meta and not case.meta.generation.mode.is_positive:
        return
    try:
        path = case.formatted_path
        with request("GET", path, {"Authorization": f"Bearer {token}"}) as answer:
            case.headers["If-Match"] = answer.headers["ETag"] or case.headers["If-Match"]
    except (OSError, ValueError, UnicodeError):
        # Not there, or not to be read: it goes as it is.
        pass


if "ATTACK_EMAIL" in os.environ:
    tokens_to_end = [sign_in() for _ in range(3)]
    session = {"token": None}

    @schemathesis.auth()
    class Session:
        def get(self, case, context):
            return "a session"

        def set(self, case, data, context):
            if session["token"] is None:
                session["token"] = sign_in()
            token = session["token"]
            if case.path == "/api/v1/auth/logout":
                # Signing out ends the session of its token: it gets a few of its own, the others go on.
                token = tokens_to_end.pop() if tokens_to_end else "ended"
            case.headers["Authorization"] = f"Bearer {token}"
            with_version(case, token)

    @schemathesis.hook
    def after_call(context, case, response):
        """A token lives for 15 minutes, and the attack may find out how to end its own session. What looks at passwords says
        401 to the token or to the password."""
        sent = response.request.headers.get("Authorization")
        is_token = not case.path.startswith("/api/v1/auth/")
        if response.status_code == 401 and is_token and sent == f"Bearer {session['token']}":
            session["token"] = None

elif "ATTACK_TOKEN" in os.environ:

    @schemathesis.auth()
    class Token:
        def get(self, case, context):
            return os.environ["ATTACK_TOKEN"]

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"


RULES = [
    re.compile(detail)
    for group in tomllib.loads((Path(__file__).parent / "refusals.toml").read_text()).values()
    for detail in group["details"]
]


@schemathesis.check
def refusals_are_rules(ctx, response, case):
    """What the document allows is refused with 422 for a rule that no schema can say, and for nothing else."""
    if not case.meta or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return
    problem = response.json()
    if problem["type"] != "/problems/validation":
        return
    unknown = [
        error
        for error in problem["errors"]
        if not any(rule.search(error["detail"]) for rule in RULES)
    ]
    if not unknown:
        return
    said = f"the document allows what is refused, for no rule of refusals.toml: {unknown}"
    assert "ATTACK_STRICT" not in os.environ, said
    with open(os.environ["ATTACK_REFUSALS"], "a", encoding="utf-8") as listed:
        listed.write(f"{case.method} {case.path}: {said}\n")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """What the generator gets wrong."""
    # An empty query parameter is one that was not given: forms send them, and the document has no word for it.
    if isinstance(failure, AcceptedNegativeData):
        return not any(value == "" for value in (case.query or {}).values())
    # The name of a form's part stands in a header line, where control characters cannot be.
    if isinstance(failure, RejectedPositiveData) and case.media_type == "multipart/form-data":
        return not isinstance(case.body, dict) or all(name.isprintable() for name in case.body)
    return True


@schemathesis.serializer("message/rfc822")
def mail(ctx, value):
    """Mail is handed in as it came, bytes."""
    data = value if isinstance(value, bytes) else str(value).encode(errors="replace")
    return {"data": data}


@schemathesis.deserializer(
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/zip",
    "message/rfc822",
    "text/csv",
    "text/html",
)
def file(ctx, response):
    """Files are strings to the document."""
    return response.content.decode(errors="replace")
