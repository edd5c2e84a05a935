//! What a webhook tells, as the Admin GraphQL API would: so that a played shop knows what it sent.

use serde_json::{Value, json};

/// A customer of a `customers/*` body who has said nothing about marketing.
pub fn customer(body: &Value) -> Value {
    let text = |name: &str| body[name].as_str();
    let silent =
        || json!({ "state": "NOT_SUBSCRIBED", "optInLevel": null, "updatedAt": null, "collectedFrom": null });
    json!({
        "id": gid("Customer", body),
        "createdAt": body["created_at"],
        "updatedAt": body["updated_at"],
        "firstName": body["first_name"],
        "lastName": body["last_name"],
        "state": text("state").unwrap_or("disabled").to_uppercase(),
        "note": body["note"],
        "locale": "en",
        "tags": [],
        "numberOfOrders": "0",
        "amountSpent": { "amount": "0.0", "currencyCode": text("currency").unwrap_or("EUR") },
        "lastOrder": null,
        "defaultEmailAddress": text("email").map(|email| json!({
            "emailAddress": email, "marketingState": "NOT_SUBSCRIBED", "marketingOptInLevel": null,
            "marketingUpdatedAt": null,
        })),
        "defaultPhoneNumber": text("phone").map(|phone| json!({
            "phoneNumber": phone, "smsMarketingConsent": silent(), "whatsAppMarketingConsent": silent(),
        })),
        "defaultAddress": address(&body["default_address"]),
    })
}

/// One for each tracking number.
fn parcels(fulfilment: &Value) -> Vec<Value> {
    let numbers = fulfilment["tracking_numbers"].as_array().cloned().unwrap_or_default();
    let parcel = |(index, number): (usize, &Value)| json!({ "company": fulfilment["tracking_company"], "number": number, "url": fulfilment["tracking_urls"][index] });
    numbers.iter().enumerate().map(parcel).collect()
}

/// The order of an `orders/*` body.
pub fn order(body: &Value) -> Value {
    let currency = &body["currency"];
    let set = |amount: &Value| {
        let money = json!({ "amount": amount, "currencyCode": currency });
        (!amount.is_null()).then(|| json!({ "shopMoney": money, "presentmentMoney": money }))
    };
    let part = |line: &Value, quantity: &Value| json!({ "quantity": quantity, "lineItem": { "id": gid("LineItem", line) } });
    let fulfilments = each(&body["fulfillments"], |fulfilment| {
        json!({
            "id": gid("Fulfillment", fulfilment),
            "status": upper(&fulfilment["status"]),
            "createdAt": fulfilment["created_at"],
            "updatedAt": fulfilment["updated_at"],
            "trackingInfo": parcels(fulfilment),
            "fulfillmentLineItems": each(&fulfilment["line_items"], |line| part(line, &line["quantity"])),
        })
    });
    let refunds = each(&body["refunds"], |refund| {
        json!({
            "id": gid("Refund", refund),
            "createdAt": refund["created_at"],
            "processedAt": refund["processed_at"],
            "note": refund["note"],
            "refundLineItems": each(&refund["refund_line_items"], |line| part(&line["line_item"], &line["quantity"])),
            "transactions": each(&refund["transactions"], |transaction| json!({
                "id": gid("OrderTransaction", transaction), "kind": upper(&transaction["kind"]),
                "status": upper(&transaction["status"]), "amountSet": set(&transaction["amount"]),
            })),
        })
    });
    let lines = each(&body["line_items"], |line| {
        json!({
            "id": gid("LineItem", line),
            "name": line["name"],
            "title": line["title"],
            "variantTitle": line["variant_title"],
            "sku": line["sku"],
            "vendor": line["vendor"],
            "quantity": line["quantity"],
            "currentQuantity": line["current_quantity"],
            "product": line["product_id"].as_u64().map(|id| json!({ "id": format!("gid://shopify/Product/{id}") })),
            "variant": line["variant_id"].as_u64().map(|id| json!({ "id": format!("gid://shopify/ProductVariant/{id}") })),
            "originalUnitPriceSet": set(&line["price"]),
            "discountAllocations": each(&line["discount_allocations"], |part| json!({ "allocatedAmountSet": set(&part["amount"]) })),
            "taxLines": each(&line["tax_lines"], |tax| json!({ "priceSet": set(&tax["price"]) })),
        })
    });
    let mut node = json!({
        "id": gid("Order", body),
        "name": body["name"],
        "number": body["order_number"],
        "email": body["email"],
        "phone": body["phone"],
        "test": body["test"],
        "createdAt": body["created_at"],
        "processedAt": body["processed_at"],
        "updatedAt": body["updated_at"],
        "cancelledAt": body["cancelled_at"],
        "cancelReason": upper(&body["cancel_reason"]),
        "displayFinancialStatus": upper(&body["financial_status"]),
        "displayFulfillmentStatus": match body["fulfillment_status"].as_str() {
            Some("partial") => json!("PARTIALLY_FULFILLED"),
            Some(word) => json!(word.to_uppercase()),
            None => json!("UNFULFILLED"),
        },
        "currencyCode": currency,
        "presentmentCurrencyCode": body["presentment_currency"],
        "taxesIncluded": body["taxes_included"],
        "checkoutToken": body["checkout_token"],
        "cartToken": body["cart_token"],
        "sourceName": body["source_name"],
        "customerLocale": body["customer_locale"],
        "customerAcceptsMarketing": body["buyer_accepts_marketing"],
        "tags": words(&body["tags"]),
        "note": body["note"],
        "customAttributes": each(&body["note_attributes"], |pair| json!({ "key": pair["name"], "value": pair["value"] })),
        "discountCodes": each(&body["discount_codes"], |code| code["code"].clone()),
        "paymentGatewayNames": body["payment_gateway_names"],
        "statusPageUrl": body["order_status_url"],
        "customer": body["customer"].is_object().then(|| customer(&body["customer"])),
        "billingAddress": address(&body["billing_address"]),
        "shippingAddress": address(&body["shipping_address"]),
        "shippingLines": each(&body["shipping_lines"], |line| {
            let after = if line["discounted_price"].is_null() { &line["price"] } else { &line["discounted_price"] };
            json!({ "title": line["title"], "originalPriceSet": set(&line["price"]), "discountedPriceSet": set(after) })
        }),
        "fulfillments": fulfilments,
        "refunds": refunds,
        "lineItems": lines,
    });
    let totals = json!({
        "totalPriceSet": set(&body["total_price"]),
        "currentTotalPriceSet": set(&body["current_total_price"]),
        // In no webhook: a test that asks for it puts it into its body.
        "netPaymentSet": set(&body["net_payment"]),
        "subtotalPriceSet": set(&body["subtotal_price"]),
        "totalTaxSet": set(&body["total_tax"]),
        "totalDiscountsSet": set(&body["total_discounts"]),
        "totalTipReceivedSet": set(&body["total_tip_received"]),
        "dutiesIncluded": body["duties_included"],
        "originalTotalDutiesSet": body["original_total_duties_set"].is_object()
            .then(|| set(&body["original_total_duties_set"]["shop_money"]["amount"])),
        "totalShippingPriceSet": set(&body["total_shipping_price_set"]["shop_money"]["amount"]),
    });
    if let (Some(node), Value::Object(totals)) = (node.as_object_mut(), totals) {
        node.extend(totals);
    }
    node
}

/// The product of a `products/*` body, in no collection.
pub fn product(body: &Value) -> Value {
    let media_of = |image: &Value| {
        json!({
            "id": gid("MediaImage", image),
            "alt": image["alt"],
            "image": { "url": image["src"], "width": image["width"], "height": image["height"] },
        })
    };
    let media = each(&body["images"], media_of);
    // A webhook names a variant's image from either side.
    let own_media = |variant: &Value| -> Vec<Value> {
        let images = body["images"].as_array().into_iter().flatten();
        let is_own = |image: &&Value| {
            let named = image["variant_ids"].as_array().is_some_and(|ids| ids.contains(&variant["id"]));
            named || (variant["image_id"].is_u64() && variant["image_id"] == image["id"])
        };
        images.filter(is_own).map(media_of).collect()
    };
    let variants = each(&body["variants"], |variant| {
        let options = ["option1", "option2", "option3"].iter().filter(|name| variant[**name].is_string());
        json!({
            "id": gid("ProductVariant", variant),
            "title": variant["title"],
            "sku": variant["sku"],
            "barcode": variant["barcode"],
            "price": variant["price"],
            "compareAtPrice": variant["compare_at_price"],
            "position": variant["position"],
            "taxable": variant["taxable"],
            "inventoryPolicy": upper(&variant["inventory_policy"]),
            "inventoryQuantity": variant["inventory_quantity"],
            "createdAt": variant["created_at"],
            "updatedAt": variant["updated_at"],
            "inventoryItem": variant["inventory_item_id"]
                .as_u64()
                .map(|id| json!({ "id": format!("gid://shopify/InventoryItem/{id}") })),
            "media": own_media(variant),
            "selectedOptions": options.map(|name| json!({ "name": name, "value": variant[*name] })).collect::<Vec<_>>(),
        })
    });
    json!({
        "id": gid("Product", body),
        "title": body["title"],
        "handle": body["handle"],
        "descriptionHtml": body["body_html"],
        "vendor": body["vendor"],
        "productType": body["product_type"],
        "status": upper(&body["status"]),
        "tags": words(&body["tags"]),
        "createdAt": body["created_at"],
        "updatedAt": body["updated_at"],
        "publishedAt": body["published_at"],
        "options": each(&body["options"], |option| json!({
            "id": gid("ProductOption", option), "name": option["name"], "position": option["position"],
            "values": option["values"],
        })),
        "media": media,
        "collections": [],
        "variants": variants,
    })
}

/// The collection of a `collections/*` body, with nothing in it.
pub fn collection(body: &Value) -> Value {
    json!({
        "id": gid("Collection", body),
        "title": body["title"],
        "handle": body["handle"],
        "updatedAt": body["updated_at"],
        "products": [],
    })
}

fn address(body: &Value) -> Value {
    if !body.is_object() {
        return Value::Null;
    }
    json!({
        "firstName": body["first_name"], "lastName": body["last_name"], "company": body["company"],
        "phone": body["phone"], "address1": body["address1"], "address2": body["address2"], "city": body["city"],
        "province": body["province"], "provinceCode": body["province_code"], "country": body["country"],
        "countryCodeV2": body["country_code"], "zip": body["zip"],
    })
}

fn gid(kind: &str, body: &Value) -> Value {
    json!(body["id"].as_u64().map(|id| format!("gid://shopify/{kind}/{id}")))
}

/// Webhooks write tags as one text.
fn words(tags: &Value) -> Value {
    let words = |tags: &str| -> Vec<String> {
        tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    };
    json!(tags.as_str().map(words))
}

fn upper(word: &Value) -> Value {
    json!(word.as_str().map(str::to_uppercase))
}

fn each(list: &Value, of: impl Fn(&Value) -> Value) -> Vec<Value> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter().map(of).collect()
}
