"""Takes a case from the first call to its closing with the generated client, and asserts what the programme promises.

Run by run.sh, which generates the client, starts a server with an empty database and makes the first admin. Everybody
else (operator, desk staff of two desks, a telework manager) is made here through the API, as an office would do it.
"""

import os
from datetime import date, datetime, timedelta, timezone

from madoguchi_client import AuthenticatedClient, Client
from madoguchi_client.api.cases import (
    accept_case,
    close_case,
    count_cases,
    create_case,
    list_cases,
    propose_desks,
    propose_managers,
    reopen_case,
    route_case,
    show_case,
    show_case_by_number,
)
from madoguchi_client.api.consultations import (
    approve_report,
    book_consultation,
    hold_consultation,
    list_case_consultations,
    save_report,
    submit_report,
)
from madoguchi_client.api.conversation import record_interaction, show_timeline, write_note
from madoguchi_client.api.enterprises import look_up_caller
from madoguchi_client.api.offers import accept_offer, list_offers, make_offer, show_offer
from madoguchi_client.api.office import show_audit_head
from madoguchi_client.api.people import add_coverage, create_desk, create_manager, create_user
from madoguchi_client.api.sign_in import show_me, sign_in, sign_out
from madoguchi_client.models import (
    AddCoverageRequest,
    BookRequest,
    CaseView,
    Channel,
    CloseRequest,
    ContactInput,
    ContactRole,
    CreateCaseRequest,
    CreateDeskRequest,
    CreateManagerRequest,
    CreateUserRequest,
    Direction,
    EnterpriseInput,
    EnterpriseKind,
    HoldRequest,
    InteractionKind,
    InteractionRequest,
    InteractionResult,
    Line,
    Mode,
    NoteRequest,
    OfferRequest,
    Outcome,
    ProblemBody,
    ReasonRequest,
    Role,
    RouteRequest,
    SaveReportRequest,
    SignInRequest,
    Stage,
    Status,
    Topic,
)

URL = os.environ["MADOGUCHI_URL"]
PASSWORD = "窓口で毎朝いれるお茶は三杯 2026"
NOW = datetime.now(timezone.utc)
CLIENTS = []


def step(text):
    print(f"  {text}", flush=True)


def check(condition, text):
    if not condition:
        raise AssertionError(text)


def ok(response, status=200):
    """The answer of a call that must succeed."""
    check(
        response.status_code == status,
        f"expected {status}, got {response.status_code}: {response.content.decode()}",
    )
    return response.parsed


def refused(response, status, slug):
    """The problem of a call that must be refused."""
    problem = response.parsed
    check(
        response.status_code == status and isinstance(problem, ProblemBody) and problem.type_ == f"/problems/{slug}",
        f"expected {status} {slug}, got {response.status_code}: {response.content.decode()}",
    )
    return problem


def signed_in(email, password=PASSWORD):
    """A client with this person's token. A status that the document does not name is an error in it."""
    anybody = Client(URL, raise_on_unexpected_status=True)
    answer = ok(sign_in.sync_detailed(client=anybody, body=SignInRequest(email=email, password=password)))
    client = AuthenticatedClient(URL, token=answer.access_token, raise_on_unexpected_status=True)
    CLIENTS.extend((anybody, client))
    return client


def user(admin, name, email, role, **belongs_to):
    body = CreateUserRequest(email=email, name=name, role=role, password=PASSWORD, **belongs_to)
    ok(create_user.sync_detailed(client=admin, body=body), 201)
    client = signed_in(email)
    me = ok(show_me.sync_detailed(client=client))
    check(me.role == role and me.name == name, "the person is who they were made to be")
    return client


def office(admin):
    """Desks, a manager and the people who sign in."""
    desk = ok(create_desk.sync_detailed(client=admin, body=CreateDeskRequest(code="aomori", name="青森窓口")), 201)
    other = ok(create_desk.sync_detailed(client=admin, body=CreateDeskRequest(code="tokyo", name="東京窓口")), 201)
    for covering, prefecture in ((desk, "02"), (other, "13")):
        body = AddCoverageRequest(prefecture_code=prefecture, from_=date(2020, 4, 1))
        ok(add_coverage.sync_detailed(covering.id, client=admin, body=body), 201)
    manager = ok(
        create_manager.sync_detailed(
            client=admin,
            body=CreateManagerRequest(
                name="工藤 翔太",
                kana="クドウ ショウタ",
                qualifications=["ITコーディネータ"],
                topics=[Topic.ICT, Topic.SECURITY],
                prefecture_codes=["02"],
                modes=[Mode.ONLINE, Mode.VISIT],
                monthly_capacity=10,
            ),
        ),
        201,
    )
    people = {
        "operator": user(admin, "相談員 佐藤", "operator@madoguchi.example", Role.OPERATOR),
        "desk": user(admin, "青森窓口 成田", "aomori@madoguchi.example", Role.DESK, desk_id=desk.id),
        "other_desk": user(admin, "東京窓口 山本", "tokyo@madoguchi.example", Role.DESK, desk_id=other.id),
        "manager": user(admin, "工藤 翔太", "kudo@madoguchi.example", Role.MANAGER, manager_id=manager.id),
    }
    return desk, manager, people


def the_call(operator):
    """A caller nobody knows becomes a case; the same request sent twice is one case."""
    nobody = ok(look_up_caller.sync_detailed(client=operator, phone="017-722-1234"))
    check(not nobody.people and not nobody.enterprises, "nobody is known by that number yet")

    body = CreateCaseRequest(
        channel=Channel.PHONE,
        enterprise=EnterpriseInput(
            kind=EnterpriseKind.COMPANY,
            name="株式会社 津軽りんご加工",
            kana="カブシキガイシャツガルリンゴカコウ",
            prefecture_code="02",
            phone="０１７－７２２－１２３４",
        ),
        contacts=[ContactInput(role=ContactRole.PRIMARY, name="木村 由美", phone="017-722-1234")],
        subject="在宅勤務の始め方",
        description="受注の事務を家でできるようにしたい。パソコンは会社のものを持ち帰らせるつもり。",
        topics=[Topic.ICT, Topic.LABOUR],
    )
    case = ok(create_case.sync_detailed(client=operator, body=body, idempotency_key="call-1"), 201)
    check(case.status == Status.RECEIVED and case.desk is None, "a new case is with the help center")
    check(case.consultations.limit == 3 and case.consultations.remaining == 3, "three sessions are free")
    again = ok(create_case.sync_detailed(client=operator, body=body, idempotency_key="call-1"), 201)
    check(again.id == case.id, "a repeated request is the same case")

    known = ok(look_up_caller.sync_detailed(client=operator, phone="+81 17 722 1234"))
    check([person.name for person in known.people] == ["木村 由美"], "the caller is known now, in any writing")
    check([open_case.number for open_case in known.open_cases] == [case.number], "with the open case")
    step(f"{case.number}: a call, written down; the caller is known from now on")
    return case


def to_the_desk(case, desk, people):
    """Routed as proposed and accepted; another desk never sees it."""
    proposals = ok(propose_desks.sync_detailed(case.id, client=people["operator"])).items
    check([proposal.desk_id for proposal in proposals] == [desk.id], "the desk of the site's prefecture is proposed")
    routed = ok(
        route_case.sync_detailed(
            case.id,
            client=people["operator"],
            body=RouteRequest(desk_id=proposals[0].desk_id, note="午前中に電話をほしいとのこと"),
        )
    )
    check(routed.status == Status.ROUTED, "the case waits for the desk")
    step(f"routed to {desk.name}: {'、'.join(proposals[0].reasons)}")

    refused(show_case.sync_detailed(case.id, client=people["other_desk"]), 404, "not-found")
    refused(accept_case.sync_detailed(case.id, client=people["other_desk"]), 404, "not-found")
    check(ok(count_cases.sync_detailed(client=people["other_desk"])).total == 0, "nor does it count it")
    accepted = ok(accept_case.sync_detailed(case.id, client=people["desk"]))
    check(accepted.status == Status.ACCEPTED, "the desk owns the case")
    refused(accept_case.sync_detailed(case.id, client=people["desk"]), 409, "illegal-move")
    step("accepted by the desk; to another desk it does not exist")


def first_contact(case, desk_client):
    body = InteractionRequest(
        kind=InteractionKind.PHONE,
        direction=Direction.OUTBOUND,
        occurred_at=datetime.now(timezone.utc),
        contact_id=case.contacts[0].id,
        result=InteractionResult.REACHED,
        body="専門家の派遣を希望。オンラインでよい。",
    )
    ok(record_interaction.sync_detailed(case.id, client=desk_client, body=body), 201)
    note = NoteRequest(body="社長の了解は得ているとのこと")
    ok(write_note.sync_detailed(case.id, client=desk_client, body=note), 201)
    check(
        ok(show_case.sync_detailed(case.id, client=desk_client)).due is None, "nothing is due after the first contact"
    )
    step("called back, nothing is due")


def to_the_manager(case, manager, people):
    """Offered and accepted; the case becomes visible with the assignment, not with the offer."""
    proposals = ok(propose_managers.sync_detailed(case.id, client=people["desk"], line=Line.ICT)).items
    check([proposal.manager_id for proposal in proposals] == [manager.id], "who suits the case is proposed")
    offer = ok(
        make_offer.sync_detailed(
            case.id,
            client=people["desk"],
            body=OfferRequest(manager_id=manager.id, line=Line.ICT, note="りんごの選果が始まる前に"),
        ),
        201,
    )
    refused(show_case.sync_detailed(case.id, client=people["manager"]), 404, "not-found")
    offers = ok(list_offers.sync_detailed(client=people["manager"], open_=True)).items
    check([open_offer.id for open_offer in offers] == [offer.id], "the manager finds the offer")
    matter = ok(show_offer.sync_detailed(offer.id, client=people["manager"])).matter
    check(matter.enterprise.name == "株式会社 津軽りんご加工", "and reads in it what it is about")
    ok(accept_offer.sync_detailed(offer.id, client=people["manager"]))
    assigned = ok(show_case.sync_detailed(case.id, client=people["manager"]))
    check(assigned.status == Status.ASSIGNED, "a manager is assigned")
    check([(one.name, one.line) for one in assigned.managers] == [(manager.name, Line.ICT)], "this one, for this line")
    step(f"offered to {manager.name}, who accepted and sees the case now")


def booking(hours_ago):
    """Held this morning, entered afterwards: so that the walk need not wait for the appointment."""
    starts_at = NOW - timedelta(hours=hours_ago)
    return BookRequest(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=50),
        mode=Mode.ONLINE,
        late_reason="予約簿の記録から後日入力",
    )


def session(case, number, stage, people):
    """Booked, held, reported, approved."""
    body = booking(hours_ago=5 - number)
    booked = ok(book_consultation.sync_detailed(case.id, client=people["desk"], body=body), 201)
    check(booked.session == number and booked.stage == stage, f"session {number} is the {stage}")
    held = HoldRequest(
        started_at=body.starts_at,
        ended_at=body.ends_at,
        mode=Mode.ONLINE,
        attendees=["木村 由美"],
        desk_attended=False,
    )
    ok(hold_consultation.sync_detailed(booked.id, client=people["manager"], body=held))
    draft = SaveReportRequest(
        situation="受注は電話とFAX。台帳は紙。",
        advice="受注台帳を共有の表計算に移す。",
        next_steps="次回までに一週間分を入力してみる。",
    )
    ok(save_report.sync_detailed(booked.id, client=people["manager"], body=draft, if_match='"0"'))
    refused(save_report.sync_detailed(booked.id, client=people["manager"], body=draft, if_match='"0"'), 412, "stale")
    ok(submit_report.sync_detailed(booked.id, client=people["manager"]))
    refused(approve_report.sync_detailed(booked.id, client=people["manager"]), 403, "forbidden")
    approved = ok(approve_report.sync_detailed(booked.id, client=people["desk"]))
    check(approved.state == "approved", "the report is approved")
    left = ok(show_case.sync_detailed(case.id, client=people["desk"])).consultations.remaining
    check(left == 3 - number, f"{3 - number} sessions are left")
    step(f"session {number}, {stage}: booked, held, reported, approved; {left} left")


def nothing_new(case, people, manager):
    """The fourth is refused, now and after closing and reopening with a manager assigned anew."""
    for who in ("desk", "manager"):
        answer = book_consultation.sync_detailed(case.id, client=people[who], body=booking(hours_ago=1))
        refused(answer, 409, "consultation-limit-reached")
    step("a fourth session is refused")

    closed = ok(
        close_case.sync_detailed(
            case.id, client=people["desk"], body=CloseRequest(outcome=Outcome.COMPLETED, note="三回の支援を終えた")
        )
    )
    check(closed.status == Status.CLOSED and closed.outcome == Outcome.COMPLETED, "the case is closed")
    refused(show_case.sync_detailed(case.id, client=people["manager"]), 404, "not-found")
    step("closed as completed")

    reopened = ok(
        reopen_case.sync_detailed(case.id, client=people["desk"], body=ReasonRequest(reason="追加の質問があった"))
    )
    check(reopened.status == Status.ACCEPTED, "a reopened case is where it was owned")
    check(reopened.consultations.used == 3 and reopened.consultations.remaining == 0, "used sessions stay used")
    by_phone = OfferRequest(manager_id=manager.id, line=Line.ICT, accepted_by_phone=True)
    ok(make_offer.sync_detailed(case.id, client=people["desk"], body=by_phone), 201)
    answer = book_consultation.sync_detailed(case.id, client=people["desk"], body=booking(hours_ago=1))
    refused(answer, 409, "consultation-limit-reached")
    step("reopened, assigned anew: still no new session")
    ok(
        close_case.sync_detailed(
            case.id, client=people["desk"], body=CloseRequest(outcome=Outcome.COMPLETED, note="電話で回答した")
        )
    )


def on_record(case, admin, people):
    """What is left of it: one case, three sessions, everything that happened."""
    shown = ok(show_case_by_number.sync_detailed(case.number.lower(), client=people["operator"]))
    check(shown.id == case.id and shown.status == Status.CLOSED, "the help center still finds it by its number")
    listed = ok(list_cases.sync_detailed(client=people["desk"], status="closed")).items
    check(all(isinstance(item, CaseView) for item in listed), "a list holds cases")
    check([item.id for item in listed] == [case.id], "the desk lists its closed case")
    sessions = ok(list_case_consultations.sync_detailed(case.id, client=people["desk"])).items
    check([one.session for one in sessions] == [1, 2, 3], "three sessions, in order")
    kinds = [item.kind for item in ok(show_timeline.sync_detailed(case.id, client=people["operator"], limit=200)).items]
    for kind in ("case_created", "case_moved", "interaction_recorded", "offer_accepted", "report_approved"):
        check(kind in kinds, f"{kind} is on the timeline")
    check(kinds.count("consultation_booked") == 3, "three bookings are on the timeline, no fourth")
    head = ok(show_audit_head.sync_detailed(client=admin))
    check(head.events >= len(kinds), "and in the audit trail")
    step(f"on record: {len(kinds)} events of this case, {head.events} in the audit trail")


def walk(admin):
    desk, manager, people = office(admin)
    step("the office: two desks, a manager, an operator, desk staff")
    case = the_call(people["operator"])
    to_the_desk(case, desk, people)
    first_contact(case, people["desk"])
    to_the_manager(case, manager, people)
    for number, stage in enumerate((Stage.ASSESSMENT, Stage.PREPARATION, Stage.FOLLOW_UP), start=1):
        session(case, number, stage, people)
    nothing_new(case, people, manager)
    on_record(case, admin, people)
    ok(sign_out.sync_detailed(client=people["operator"]), 204)
    refused(show_me.sync_detailed(client=people["operator"]), 401, "unauthenticated")
    step("signed out")


def main():
    print("From a call to the closing, with the generated Python client")
    try:
        walk(signed_in(os.environ["MADOGUCHI_ADMIN"], os.environ["MADOGUCHI_PASSWORD"]))
    finally:
        for client in CLIENTS:
            client.get_httpx_client().close()


if __name__ == "__main__":
    main()
