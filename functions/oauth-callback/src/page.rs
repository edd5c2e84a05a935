//! The pages: what happened, and what happens next. Every text of somebody else's is escaped.

use tajo_app::connect::oauth::Page;

/// The one style of the pages.
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1rem}\
code{background:#eee;padding:.1em .3em}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}code{background:#333}}";

/// Its hash, for the policy that lets no other style in. A test keeps it right.
pub(crate) const STYLE_HASH: &str = "'sha256-if2Rx9qTyTNW2Gi2LRPO/W1Y/exn43jdOxRkQIB3XeQ='";

/// A page in a few sentences.
pub(crate) fn html(page: &Page) -> String {
    match page {
        Page::Connected { store, shop, missing, first_sync } => {
            let mut text = paragraph(&format!(
                "<strong>{}</strong> is connected. Its Brevo account is being made ready and its webhooks are being \
                 registered: that takes a minute.",
                escape(shop)
            ));
            if !missing.is_empty() {
                text += &paragraph(&format!(
                    "The shop did not grant <code>{}</code>: what needs it does not reach Brevo. Open the link again to \
                     grant it, or switch off what needs it.",
                    escape(&missing.join(" "))
                ));
            }
            if *first_sync {
                text += &paragraph(
                    "You asked for a first sync: <code>tajo connectors history shopify</code> shows what becomes of it.",
                );
            }
            text += &paragraph(&format!(
                "You can close this window. <code>tajo connectors test shopify --store {}</code> shows whether everything \
                 is well.",
                escape(store.as_str())
            ));
            document("Connected", &text)
        }
        Page::NotBegun { shop } => document(
            "Nearly there",
            &(paragraph(&format!(
                "Nobody has begun to connect <strong>{}</strong> here: its Brevo account is not known yet.",
                escape(shop)
            )) + &paragraph(&format!(
                "Run <code>tajo connectors install shopify --shop-url {}</code> and open the link that it prints.",
                escape(shop)
            ))),
        ),
        Page::Refused => document(
            "That did not work",
            &paragraph(
                "This request is neither Shopify's nor one of ours, so nothing was done. Open the link once more as it was \
                 printed, or begin again with <code>tajo connectors install shopify</code>.",
            ),
        ),
        Page::UsedUp => document(
            "Too late, or twice",
            &paragraph(
                "This link was used already, or it was left open for too long. If the shop is connected, all is well: \
                 <code>tajo connectors status shopify</code> says so. If not, begin again with <code>tajo connectors \
                 install shopify</code>.",
            ),
        ),
        Page::OtherBrowser => document(
            "Another browser",
            &paragraph(
                "The installation began in another browser, or this one keeps no cookies. Open the link once more and stay \
                 in one window.",
            ),
        ),
        Page::NoToken { is_app: true } => document(
            "Shopify does not know the app",
            &paragraph(
                "The client id and secret that are stored here are not those of the app in Shopify. Store the present ones \
                 with <code>tajo shopify app set</code>, and open the link again.",
            ),
        ),
        Page::NoToken { is_app: false } => document(
            "Shopify did not answer",
            &paragraph("Nothing was changed. Open the link again in a minute."),
        ),
    }
}

/// Something of our own failed.
pub(crate) fn trouble() -> String {
    document("Something failed here", &paragraph("Nothing is lost. Open the link again in a minute."))
}

fn paragraph(html: &str) -> String {
    format!("<p>{html}</p>")
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title} · Tajo</title><style>{STYLE}</style></head><body><h1>{title}</h1>\
         {body}</body></html>\n"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};
    use tajo_domain::StoreId;

    use super::*;

    #[test]
    fn what_others_wrote_is_only_ever_text() {
        let shop = "<script>alert('x')</script>&\"".to_owned();
        let html = html(&Page::NotBegun { shop });
        assert!(!html.contains("<script>") && html.contains("&lt;script&gt;alert(&#39;x&#39;)"), "{html}");
    }

    #[test]
    fn a_connected_shop_is_told_what_happens_next_and_what_it_did_not_grant() {
        let store = StoreId::parse("demo").unwrap();
        let shop = "demo.myshopify.com".to_owned();
        let html = html(&Page::Connected { store, shop, missing: vec!["read_orders"], first_sync: true });
        for part in ["demo.myshopify.com</strong> is connected", "<code>read_orders</code>", "--store demo"] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn the_policy_lets_exactly_this_style_in() {
        let digest = STANDARD.encode(Sha256::digest(STYLE));
        assert_eq!(STYLE_HASH, format!("'sha256-{digest}'"));
    }
}
