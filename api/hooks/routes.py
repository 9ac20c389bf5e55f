"""Hooks over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from api.access import OperatingOrganisation
from api.hooks import changes
from api.hooks.schema import DeliveryOut, HookChange, HookOut, HookWithSecret, NewHook
from api.pages import LIMIT, After, Limit
from api.schema import AtOnce, IdPath, NewSecret, Page

router = APIRouter(tags=["hooks"])


@router.get("/organisations/{organisation}/hooks")
def list_hooks(asking: OperatingOrganisation) -> list[HookOut]:
    """Where events of the organisation's rounds are told."""
    return [changes.shown(asking.services.secrecy, hook) for hook in changes.hooks_of(asking)]


@router.post("/organisations/{organisation}/hooks", status_code=201)
def add_hook(asking: OperatingOrganisation, new: NewHook) -> HookWithSecret:
    """Have events told to an address; the secret they are signed with is shown this once."""
    hook, secret = changes.add(asking, new)
    return HookWithSecret(**dict(changes.shown(asking.services.secrecy, hook)), secret=secret)


@router.get("/organisations/{organisation}/hooks/{hook}")
def read_hook(asking: OperatingOrganisation, hook: IdPath) -> HookOut:
    """One hook."""
    return changes.shown(asking.services.secrecy, changes.require(asking, hook))


@router.patch("/organisations/{organisation}/hooks/{hook}")
def change_hook(asking: OperatingOrganisation, hook: IdPath, wanted: HookChange) -> HookOut:
    """Have a hook point elsewhere, or be told of other things."""
    return changes.shown(asking.services.secrecy, changes.change(asking, hook, wanted))


@router.delete("/organisations/{organisation}/hooks/{hook}", status_code=204)
def remove_hook(asking: OperatingOrganisation, hook: IdPath) -> None:
    """Tell a hook nothing more."""
    changes.remove(asking, hook)


@router.post("/organisations/{organisation}/hooks/{hook}/secret")
def rotate_hook_secret(asking: OperatingOrganisation, hook: IdPath, at_once: AtOnce = False) -> NewSecret:
    """Give a hook a new secret; for a day deliveries are signed with the former one as well."""
    return changes.rotate(asking, hook, at_once=at_once)


@router.post("/organisations/{organisation}/hooks/{hook}/test", status_code=202)
def test_hook(asking: OperatingOrganisation, hook: IdPath) -> DeliveryOut:
    """Send a test; what came of it is in the list of deliveries."""
    return changes.shown_delivery(changes.ping(asking, hook))


@router.get("/organisations/{organisation}/hooks/{hook}/deliveries")
def list_deliveries(
    asking: OperatingOrganisation, hook: IdPath, after: After = None, limit: Limit = LIMIT
) -> Page[DeliveryOut]:
    """What a hook was told, newest first."""
    return changes.deliveries_of(asking.session, changes.require(asking, hook), after, limit)


@router.post("/organisations/{organisation}/hooks/{hook}/deliveries/{delivery}/redeliver", status_code=202)
def redeliver(asking: OperatingOrganisation, hook: IdPath, delivery: IdPath) -> DeliveryOut:
    """Send a delivery once more, under the same name and number."""
    return changes.shown_delivery(changes.redeliver(asking, hook, delivery))
