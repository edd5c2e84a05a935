//! Only the permanent address of a shop is one: a custom domain may lead elsewhere tomorrow.

use tajo_platforms::shopify::webhook::shop_domain;

use super::ConnectError;

/// `your-store.myshopify.com` of `https://Your-Store.myshopify.com/`, of `your-store` and of the address in the admin.
pub(crate) fn shop_address(given: &str) -> Result<String, ConnectError> {
    let text = given.trim().to_lowercase();
    let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(&text);
    let wrong = || ConnectError::ShopAddress(given.trim().chars().take(80).collect());
    if let Some(rest) = text.strip_prefix("admin.shopify.com/store/") {
        let name = rest.split('/').next().unwrap_or_default();
        return shop_domain(&format!("{name}.myshopify.com")).ok_or_else(wrong);
    }
    let host = text.strip_suffix('/').unwrap_or(text);
    let host = host.strip_suffix("/admin").unwrap_or(host);
    let name = if host.contains('.') { host.to_owned() } else { format!("{host}.myshopify.com") };
    shop_domain(&name).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_permanent_addresses_are_shops() {
        for given in [
            "your-store.myshopify.com",
            "https://Your-Store.myshopify.com/",
            " your-store ",
            "https://admin.shopify.com/store/your-store/settings",
            "http://your-store.myshopify.com/admin",
        ] {
            assert_eq!(shop_address(given).ok().as_deref(), Some("your-store.myshopify.com"), "{given}");
        }
        for given in [
            "",
            "www.your-store.com",
            "a.myshopify.com.evil.com",
            "evil.com/your-store.myshopify.com",
            "user@your-store.myshopify.com",
            "your-store.myshopify.com:8443",
            "your-store.myshopify.com/products",
            "your-store.myshopify.com?x=.myshopify.com",
            "dämo.myshopify.com",
            "a.b.myshopify.com",
            "127.0.0.1",
        ] {
            let error = shop_address(given).unwrap_err();
            assert!(matches!(error, ConnectError::ShopAddress(_)), "{given}");
            assert!(error.hint().unwrap().contains("Settings → Domains"));
        }
    }
}
