"""A town with rounds in every state, as a city would have them."""

from __future__ import annotations

import random
from typing import Any

from api.tables import Application, Notice, Organisation, Source
from tests.integration.api.conftest import OPENS, START, Service
from tests.integration.api.giving import PRICES, tables
from tests.integration.chain.vault import project_key

PROJECTS = {
    "river-map": (
        "川の水位オープンマップ",
        "市内の川の水位を、地図で公開します。\n\n- 観測所 12 か所\n- 10 分ごとに更新\n\n"
        "詳しくは [計画書](https://example.org/plan) をご覧ください。",
    ),
    "night-school": ("夜間日本語教室", "仕事のあとに通える、外国ルーツの人のための無料の日本語教室です。"),
    "repair-cafe": (
        "おもちゃ病院と修理カフェ",
        "壊れたおもちゃや家電を、ボランティアと一緒に直します。毎月第2土曜日に開いています。",
    ),
    "bus-feed": (
        "コミュニティバスの時刻表データ",
        "GTFS 形式の時刻表とリアルタイム位置情報を公開し、乗換案内で使えるようにします。",
    ),
    "library-app": (
        "図書館の読み上げアプリ",
        "視覚に障害のある人が、図書館の蔵書検索と予約を音声だけで使えるようにします。",
    ),
    "sign-language": ("手話カフェ", "手話で注文するカフェを、商店街で月に一度開きます。"),
    "seed-bank": ("在来種のたね図書館", "地域で受け継がれてきた野菜のたねを集め、貸し出します。"),
    "wifi": ("市場の無料Wi-Fi", ""),
}


def fill(service: Service) -> None:
    """Put the rounds of the town into a service."""
    rules = {"pool": {"amount": "1000000", "match_cap_fraction": "0.25"}, "eligibility": {"min_donation": "100"}}
    with service.services.database.writing() as session:
        session.add(Organisation(id="town", name="みなと市 市民協働課", contact="kyodo@example.org", created_at=START))
    service.round(
        "spring",
        title="みなと市 デジタル公共財ラウンド 2026春",
        rules=rules,
        projects=(),
        prices=PRICES,
        description="市民の寄付と市のマッチング資金で、地域のデジタル公共財を支援します。",
    )
    settings: dict[str, Any] = tables()
    settings["projects"] = {name: [project_key(place)] for place, name in enumerate(PROJECTS)}
    with service.services.database.writing() as session:
        session.add(
            Source(
                id="chain-of-spring",
                round_id="spring",
                name="chain",
                kind="chain",
                created_by="x",
                settings=settings,
                created_at=START,
            )
        )
        session.add(
            Notice(
                id="n" * 16,
                round_id="spring",
                at=START - 500,
                kind="extended",
                text="大雨で会場の窓口を閉めた日があったため、受付を1日延長しました。",
                details={},
            )
        )
        for name, (title, summary) in PROJECTS.items():
            session.add(
                Application(
                    id=f"{name:0<16}"[:16],
                    round_id="spring",
                    project=name,
                    state="approved",
                    title=title,
                    summary=summary,
                    created_at=START,
                    changed_at=START,
                )
            )
    chance = random.Random(7)
    names = list(PROJECTS)
    for number in range(120):
        service.give(
            f"donor-{chance.randrange(70)}",
            names[min(7, int(chance.expovariate(0.5)))],
            chance.choice([300, 500, 1_000, 3_000]),
            time=OPENS + number,
        )
    service.round(
        "autumn",
        title="みなと市 秋の市民ラウンド 2026",
        state="frozen",
        rules={"pool": {"amount": "500000"}},
        projects=("park",),
        opens_at=START + 20 * 86_400,
        closes_at=START + 50 * 86_400,
    )
