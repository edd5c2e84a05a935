//! The account itself, its eCommerce section and its one currency.

use serde_json::json;

use super::account::{Account, OWNER};
use super::body::{self, Answer};
use crate::http::{Request, Response};

/// `GET /account`. The tracker's key is there only while marketing automation is on.
pub(super) fn account(account: &Account) -> Answer {
    let automation = if account.automation {
        json!({"enabled": true, "key": account.tracker_key()})
    } else {
        json!({"enabled": false})
    };
    Ok(Response::with_json(
        200,
        &json!({
            "email": OWNER,
            // The same person may own several accounts: this tells them apart.
            "organization_id": format!("org-{}", account.name),
            "firstName": "Sam",
            "lastName": "Owner",
            "companyName": format!("Sandbox ({})", account.name),
            "address": {"street": "1 Example Street", "city": "Paris", "zipCode": "75001", "country": "France"},
            "plan": [{"type": "free", "creditsType": "sendLimit", "credits": 300}],
            "relay": {"enabled": true, "data": {"userName": OWNER, "relay": "smtp-relay.example.com", "port": 587}},
            "marketingAutomation": automation,
        }),
    ))
}

/// `POST /ecommerce/activate`
pub(super) fn activate(account: &mut Account) -> Answer {
    account.ecommerce_active = true;
    Ok(Response::empty(200))
}

/// `GET /ecommerce/config/displayCurrency`
pub(super) fn display_currency(account: &Account) -> Answer {
    require_active(account)?;
    Ok(Response::with_json(200, &json!({"code": account.display_currency})))
}

/// `POST /ecommerce/config/displayCurrency`
pub(super) fn set_display_currency(account: &mut Account, request: &Request) -> Answer {
    require_active(account)?;
    let body = body::object(request)?;
    body::require(&body, &["code"])?;
    let code = body::text(&body, "code").unwrap_or_default();
    if code.len() != 3 || !CURRENCIES.split(' ').any(|known| known == code) {
        return Err(Response::error(422, "unprocessable_entity", "code must be an ISO 4217 currency"));
    }
    account.display_currency = code.to_owned();
    Ok(Response::with_json(200, &json!({"code": code})))
}

/// 403 before `POST /ecommerce/activate`.
pub(super) fn require_active(account: &Account) -> Result<(), Response> {
    if account.ecommerce_active {
        return Ok(());
    }
    Err(Response::error(403, "permission_denied", "Your eCommerce section is not yet activated."))
}

/// ISO 4217, without funds and metals.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN \
     BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD \
     GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR \
     LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
     PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP \
     TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";
