"""Reads contacts and events back with Brevo's official client, as a merchant's own script would.

    read_back.py BASE_URL API_KEY EMAIL

Prints one JSON object. Fails where an answer does not fit the client's models: the client itself takes answers as they
come, so each is also held against the model without leniency.
"""

import json
import sys

import httpx
from brevo import Brevo

base_url, api_key, email = sys.argv[1:]
answers = []


def keep(response):
    response.read()
    answers.append(response.json())


# No proxy of the environment: the sandbox is on this machine.
http = httpx.Client(event_hooks={"response": [keep]}, trust_env=False)
brevo = Brevo(base_url=base_url, api_key=api_key, httpx_client=http, max_retries=0)


def checked(answer):
    """The client's object, after its model has been applied to the body strictly."""
    type(answer).model_validate(answers[-1])
    return answer


contact = checked(brevo.contacts.get_contact_info(email, identifier_type="email_id"))
listed = checked(brevo.contacts.get_contacts(limit=50, sort="asc"))
events = checked(brevo.event.get_events(contact_id=contact.id, limit=100))
placed = checked(brevo.event.get_events(contact_id=[contact.id], event_name=["order_placed", "order_paid"]))

json.dump(
    {
        "contact": {
            "email": contact.email,
            "email_blacklisted": contact.email_blacklisted,
            "sms_blacklisted": contact.sms_blacklisted,
            "list_ids": contact.list_ids,
            "attributes": contact.attributes.model_dump(),
        },
        "listed": [one.email for one in listed.contacts],
        "count": listed.count,
        "events": [{"name": event.event_name, "at": event.event_date.isoformat()} for event in events.events],
        "events_count": events.count,
        "placed": [event.event_properties for event in placed.events],
    },
    sys.stdout,
    default=str,
)
