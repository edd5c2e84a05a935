"""What schemathesis cannot know: which store, run, key and parked work there are, and bodies that mean something.

Only requests that are meant to be good are helped; what is meant to be wrong stays as it was made up. What asks the played
Shopify or Brevo, or makes keys, is helped a few times and then sent to a store that is not there: Brevo takes only 100 calls
an hour of some kinds. Every answer is counted; `scripts/api.sh` reads the counts.
"""

import atexit
import collections
import itertools
import json
import os
import time

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

STACK = json.load(open(os.environ["TAJO_STACK"]))
API = STACK["api_url"]
STORE = STACK["store"]
HEADERS = {"authorization": f"Bearer {STACK['api_key']}"}
THROWAWAY = "fuzz-shop"
BREVO_KEY = "xkeysib-fuzz"
COUNTS = collections.defaultdict(collections.Counter)
SESSION = requests.Session()
SESSION.trust_env = False


def ask(method, path, body=None):
    answer = SESSION.request(method, f"{API}/v1{path}", headers=HEADERS, json=body, timeout=60)
    return answer.json() if answer.content else {}


def prepare():
    """A run, and a piece of parked work: an order that nothing can be made of."""
    # An account of its own: totals of two stores in one would overwrite each other.
    account = {"api_key": BREVO_KEY, "ecommerce_active": True}
    SESSION.post(f"{STACK['sandbox_url']}/_sandbox/accounts", json=account, timeout=60).raise_for_status()
    shop = {"shop": f"{THROWAWAY}.myshopify.com", "access_token": "shpat_fuzz"}
    SESSION.post(f"{STACK['sandbox_url']}/_sandbox/shopify/shops", json=shop, timeout=60).raise_for_status()
    run = ask("POST", f"/stores/{STORE}/syncs", {})["id"]
    return run, park("fuzz-1")


def park(name):
    """Parks a webhook and answers the id of what is parked, which is made of its body."""
    topic = "orders/create"
    ask("POST", f"/stores/{STORE}/webhooks", {"topic": topic, "payload": {"id": {}, "name": name}})
    for _ in range(120):
        for one in ask("GET", f"/stores/{STORE}/parked?limit=100")["parked"]:
            shown = ask("GET", f"/stores/{STORE}/parked/{one['id']}?body=true")
            if (shown.get("body") or {}).get("name") == name:
                return one["id"]
        time.sleep(0.25)
    raise RuntimeError("the unusable webhook was not parked")


RUN, PARKED = prepare()
NUMBER = itertools.count(1)
LEFT = collections.Counter(
    connect=2, editCredentials=2, disconnect=2, test=3, putSettings=4, setShopifyApp=3, purgeSecrets=3, createKey=12,
    revokeKey=4, rollKey=4,
    listKeys=20, trace=20, status=25, listStores=10, pause=5, resume=5, rotateBrevoToken=2, retryParked=5, dropParked=5, showParked=10,
)
BODIES = {
    # As they are: whoever looks at the stack afterwards finds the store as it was.
    "putSettings": {"yaml": ask("GET", f"/stores/{STORE}/settings")["yaml"]},
    "validateSettings": {"yaml": "field_mapping: {email: email, first_name: FIRSTNAME}\n"},
    "sync": {"type": "full", "resources": ["customers"], "since": "2023-01-01"},
    "trace": {"subject": "jo@example.com"},
    "retryParked": {"ids": ["fuzz-0"]},
    "dropParked": {"topic": "nothing/of_this"},
    "connect": {
        "platform": "shopify", "shop_url": f"{THROWAWAY}.myshopify.com", "store": THROWAWAY,
        "access_token": "shpat_fuzz", "api_key": "fuzz-client", "api_secret": "fuzz-secret",
        "brevo_api_key": BREVO_KEY,
    },
    "rollKey": {"overlap_seconds": 60},
    "createKey": {"name": "made by a test", "scope": "read", "expires_at": "2031-01-01T00:00:00Z"},
    "editCredentials": {"api_secret": "fuzz-secret-2"},
    "purgeSecrets": {"store": STORE},
    "handleWebhook": {"topic": "customers/update", "payload": {"id": 1, "updated_at": "2026-11-01T00:00:00Z"}},
}


def is_good(case, location):
    component = (case.meta.components if case.meta else {}).get(location)
    return component is None or component.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    good = case.meta is not None and case.meta.generation.mode.is_positive
    path = case.path_parameters
    if path and is_good(case, ParameterLocation.PATH):
        store = THROWAWAY if operation in ("disconnect", "editCredentials") else STORE
        if good and operation in LEFT:
            LEFT[operation] -= 1
            if LEFT[operation] < 0:
                store = "nobody"
        known = {"store": store, "run": RUN, "id": PARKED, "key": "0" * 12}
        if operation in ("revokeKey", "rollKey") and good and LEFT[operation] >= 0:
            made = ask("POST", "/keys", {"name": f"to end {next(NUMBER)}", "scope": "read"})
            known["key"] = made["id"]
        for name in path:
            path[name] = known[name]
    elif not path and good and operation in LEFT:
        LEFT[operation] -= 1
    # What is made up may well mean everything, and then nothing is left to be shown.
    if operation in ("dropParked", "retryParked") and is_good(case, ParameterLocation.BODY):
        case.body = BODIES[operation]
    if not good:
        return
    # A third stays as it was made up.
    if operation in BODIES and next(NUMBER) % 3:
        case.body = BODIES[operation]
    if operation in ("createKey", "connect", "setShopifyApp", "purgeSecrets") and LEFT[operation] < 0:
        # Enough of them: this one is refused.
        case.body = {}
    if case.query and "cursor" in case.query:
        del case.query["cursor"]


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw.get("operationId")
    # Another method than the operation's is no call of it.
    if case.method.upper() == case.operation.method.upper():
        COUNTS[operation][response.status_code] += 1


@atexit.register
def tell():
    with open(os.environ["TAJO_FUZZ_COUNTS"], "w") as file:
        json.dump({name: dict(counts) for name, counts in COUNTS.items()}, file)
