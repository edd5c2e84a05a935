//! Answers in the shape of webhook bodies.

mod product;

use serde_json::{Map, Value, json};
use tajo_domain::Skipped;

pub use product::product;

use super::id_in;

/// A customer's node as the body of `customers/update`, with what webhooks carried until 2024-10 besides: consents,
/// tags and totals.
pub fn customer(node: &Value) -> Value {
    let phone = &node["defaultPhoneNumber"];
    let mut body = named(node);
    body.extend(object(json!({
        "id": id(node),
        "admin_graphql_api_id": node["id"],
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "note": node["note"],
        "email": node["defaultEmailAddress"]["emailAddress"],
        "phone": phone["phoneNumber"],
        "tags": tags(node),
        "orders_count": node["numberOfOrders"],
        "total_spent": node["amountSpent"]["amount"],
        "default_address": address(&node["defaultAddress"]),
        "metafields": each(&node["metafields"]["nodes"], |field| json!({
            "namespace": field["namespace"], "key": field["key"], "value": field["value"],
            "updated_at": field["updatedAt"],
        })),
    })));
    let email = &node["defaultEmailAddress"];
    // Where Shopify does not know the time, none is made up: a statement without its date has rules of its own.
    let said = |state: &Value, at: &Value| {
        (!state.is_null()).then(|| json!({ "state": lower(state), "consent_updated_at": at }))
    };
    let by = |consent: &Value| said(&consent["state"], &consent["updatedAt"]);
    body.extend(object(json!({
        "email_marketing_consent": said(&email["marketingState"], &email["marketingUpdatedAt"]),
        "sms_marketing_consent": by(&phone["smsMarketingConsent"]),
        "whats_app_marketing_consent": by(&phone["whatsAppMarketingConsent"]),
    })));
    Value::Object(body)
}

/// An order and all its lines as the body of `orders/updated`.
pub fn order(node: &Value, lines: &[Value]) -> Value {
    let lines: Vec<Value> = lines.iter().map(line).collect();
    let currency = &node["currencyCode"];
    let by_id = |gid: &Value| lines.iter().find(|line| line["admin_graphql_api_id"] == *gid).cloned();
    let part = |part: &Value| {
        let mut line = by_id(&part["lineItem"]["id"]).unwrap_or_else(|| json!({}));
        // Discounts and taxes are of the whole line.
        line["current_quantity"] = line["quantity"].take();
        line["quantity"] = part["quantity"].clone();
        line
    };
    let fulfilments = each(&node["fulfillments"], |fulfilment| {
        let tracking = |name: &str| each(&fulfilment["trackingInfo"], |parcel| parcel[name].clone());
        json!({
            "id": id(fulfilment),
            "status": lower(&fulfilment["status"]),
            "created_at": fulfilment["createdAt"],
            "updated_at": fulfilment["updatedAt"],
            "tracking_company": fulfilment["trackingInfo"][0]["company"],
            "tracking_numbers": tracking("number"),
            "tracking_urls": tracking("url"),
            "line_items": each(&fulfilment["fulfillmentLineItems"]["nodes"], part),
        })
    });
    let refunds = each(&node["refunds"], |refund| {
        json!({
            "id": id(refund),
            "created_at": refund["createdAt"],
            "processed_at": refund["processedAt"],
            "note": refund["note"],
            "refund_line_items": each(&refund["refundLineItems"]["nodes"], |line| {
                json!({ "quantity": line["quantity"], "line_item": by_id(&line["lineItem"]["id"]) })
            }),
            "transactions": each(&refund["transactions"]["nodes"], |transaction| json!({
                "kind": lower(&transaction["kind"]),
                "status": lower(&transaction["status"]),
                "amount": shop(&transaction["amountSet"]),
                "currency": currency,
            })),
        })
    });
    let mut body = totals(node);
    body.extend(object(json!({
        "id": id(node),
        "admin_graphql_api_id": node["id"],
        "name": node["name"],
        "order_number": node["number"],
        "email": node["email"],
        "phone": node["phone"],
        "test": node["test"],
        "created_at": node["createdAt"],
        "processed_at": node["processedAt"],
        "updated_at": node["updatedAt"],
        "cancelled_at": node["cancelledAt"],
        "cancel_reason": lower(&node["cancelReason"]),
        "financial_status": lower(&node["displayFinancialStatus"]),
        "fulfillment_status": fulfilment_status(&node["displayFulfillmentStatus"]),
        "checkout_token": node["checkoutToken"],
        "cart_token": node["cartToken"],
        "customer_locale": node["customerLocale"],
        "buyer_accepts_marketing": node["customerAcceptsMarketing"],
        "note": node["note"],
        "note_attributes": each(&node["customAttributes"], |pair| json!({ "name": pair["key"], "value": pair["value"] })),
        "discount_codes": each(&node["discountCodes"], |code| json!({ "code": code })),
        "payment_gateway_names": node["paymentGatewayNames"],
        "order_status_url": node["statusPageUrl"],
        "customer": buyer(&node["customer"]),
        "billing_address": address(&node["billingAddress"]),
        "shipping_address": address(&node["shippingAddress"]),
        "shipping_lines": each(&node["shippingLines"]["nodes"], rate),
        "fulfillments": fulfilments,
        "refunds": refunds,
        "line_items": lines,
    })));
    Value::Object(body)
}

/// What an order costs.
fn totals(node: &Value) -> Map<String, Value> {
    let moved =
        |of: &Value| json!({ "shop_money": of["shopMoney"], "presentment_money": of["presentmentMoney"] });
    object(json!({
        "currency": node["currencyCode"],
        "presentment_currency": node["presentmentCurrencyCode"],
        "taxes_included": node["taxesIncluded"],
        "total_price": shop(&node["totalPriceSet"]),
        "total_price_set": moved(&node["totalPriceSet"]),
        "current_total_price": shop(&node["currentTotalPriceSet"]),
        "net_payment": shop(&node["netPaymentSet"]),
        "subtotal_price": shop(&node["subtotalPriceSet"]),
        "total_tax": shop(&node["totalTaxSet"]),
        "total_shipping_price_set": moved(&node["totalShippingPriceSet"]),
        "total_discounts": shop(&node["totalDiscountsSet"]),
        "total_tip_received": shop(&node["totalTipReceivedSet"]),
        "duties_included": node["dutiesIncluded"],
        "original_total_duties_set": moved(&node["originalTotalDutiesSet"]),
    }))
}

/// What of a fetched order is not there, because one query may not cost as much.
pub fn left_out(node: &Value, has_all_lines: bool) -> Vec<Skipped> {
    let may_have_more = |refund: &Value| elements(&refund["transactions"]["nodes"]).count() >= MOST_PAYMENTS;
    let may_have_parcels = |shipment: &Value| elements(&shipment["trackingInfo"]).count() >= MOST_PARCELS;
    let is_full = |list: &Value| list.as_array().is_some_and(|list| list.len() >= MOST_PARTS);
    let reason = "the order was fetched, and may have more than one query can answer";
    let parts = [
        (!has_all_lines, "further lines of the order"),
        (is_full(&node["fulfillments"]), "further shipments of the order"),
        (is_full(&node["refunds"]), "further refunds of the order"),
        (elements(&node["refunds"]).any(may_have_more), "further payments of a refund"),
        (elements(&node["fulfillments"]).any(may_have_parcels), "further tracking numbers of a shipment"),
    ];
    parts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| Skipped::new(what, reason)).collect()
}

/// Shipments and refunds that `order.graphql` asks for.
const MOST_PARTS: usize = 20;

/// Tracking numbers of one shipment that it asks for: more would cost more points than one query may.
const MOST_PARCELS: usize = 5;

/// Payments of one refund that it asks for.
const MOST_PAYMENTS: usize = 2;

/// A shipping rate of an order.
fn rate(node: &Value) -> Value {
    json!({
        "title": node["title"],
        "price": shop(&node["originalPriceSet"]),
        "discounted_price": shop(&node["discountedPriceSet"]),
    })
}

/// One line of an order.
fn line(node: &Value) -> Value {
    json!({
        "id": id(node),
        "admin_graphql_api_id": node["id"],
        "product_id": id(&node["product"]),
        "variant_id": id(&node["variant"]),
        "name": node["name"],
        "title": node["title"],
        "variant_title": node["variantTitle"],
        "sku": node["sku"],
        "quantity": node["quantity"],
        // Without `current_quantity`: telling an edit from a return takes every line of every refund and the returns,
        // which are not asked for. A fetched order tells of no edit.
        "price": shop(&node["originalUnitPriceSet"]),
        "discount_allocations": each(&node["discountAllocations"], |part| json!({ "amount": shop(&part["allocatedAmountSet"]) })),
        "tax_lines": each(&node["taxLines"], |tax| json!({ "price": shop(&tax["priceSet"]) })),
    })
}

/// The customer inside an order: as little as webhooks carry there.
fn buyer(node: &Value) -> Value {
    if node.is_null() {
        return Value::Null;
    }
    let mut body = named(node);
    body.extend(object(json!({
        "id": id(node),
        "admin_graphql_api_id": node["id"],
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "email": node["defaultEmailAddress"]["emailAddress"],
        "phone": node["defaultPhoneNumber"]["phoneNumber"],
    })));
    Value::Object(body)
}

fn address(node: &Value) -> Value {
    if node.is_null() {
        return Value::Null;
    }
    let mut body = named(node);
    body.extend(object(json!({
        "company": node["company"],
        "phone": node["phone"],
        "address1": node["address1"],
        "address2": node["address2"],
        "city": node["city"],
        "province": node["province"],
        "province_code": node["provinceCode"],
        "country": node["country"],
        "country_code": node["countryCodeV2"],
        "zip": node["zip"],
    })));
    Value::Object(body)
}

fn named(node: &Value) -> Map<String, Value> {
    object(json!({ "first_name": node["firstName"], "last_name": node["lastName"] }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Webhooks write numbers where GraphQL writes global ids.
fn id(node: &Value) -> Value {
    json!(node["id"].as_str().and_then(id_in))
}

fn shop(set: &Value) -> Value {
    set["shopMoney"]["amount"].clone()
}

/// Enums are upper case here and lower case there.
fn lower(word: &Value) -> Value {
    json!(word.as_str().map(str::to_ascii_lowercase))
}

/// Other words for the same: what is not yet shipped at all has no word in a webhook.
fn fulfilment_status(word: &Value) -> Value {
    match word.as_str() {
        Some("FULFILLED") => json!("fulfilled"),
        Some("PARTIALLY_FULFILLED") => json!("partial"),
        Some("RESTOCKED") => json!("restocked"),
        _ => Value::Null,
    }
}

/// Webhooks write tags as one text. Commas cannot be part of a tag.
fn tags(node: &Value) -> Value {
    let tags = node["tags"].as_array();
    json!(tags.map(|tags| tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")))
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn each(list: &Value, of: impl Fn(&Value) -> Value) -> Vec<Value> {
    elements(list).map(of).collect()
}
