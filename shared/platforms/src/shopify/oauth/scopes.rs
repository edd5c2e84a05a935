//! Which rights a store's settings need: no right is asked for before its feature is on.

/// What a store wants from the shop, as its settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what they are called")]
pub struct Wants {
    pub customers: bool,
    pub orders: bool,
    pub products: bool,
    pub carts: bool,
    pub inventory: bool,
    /// Opt-outs are written back.
    pub writes_consent: bool,
    /// Namespaces of the customer metafields that are mapped, sorted.
    pub metafield_namespaces: Vec<String>,
}

impl Wants {
    /// Several stores of one app want all that each of them wants.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            customers: self.customers || other.customers,
            orders: self.orders || other.orders,
            products: self.products || other.products,
            carts: self.carts || other.carts,
            inventory: self.inventory || other.inventory,
            writes_consent: self.writes_consent || other.writes_consent,
            metafield_namespaces: self.metafield_namespaces,
        }
    }
}

/// A right, when it is asked for, and whether the store is of no use without it. (`specs/shopify/required-scopes-2026-10`,
/// `webhook-topics-2026-07`; that an order's customer needs `read_customers` is seen in practice.)
type Row = (&'static str, fn(&Wants) -> bool, bool);

const ROWS: &[Row] = &[
    ("read_customers", |wants| wants.customers || wants.orders || wants.carts, true),
    ("write_customers", |wants| wants.writes_consent, false),
    ("read_customer_merge", |wants| wants.customers, false),
    ("read_orders", |wants| wants.orders || wants.carts, true),
    ("read_fulfillments", |wants| wants.orders, false),
    ("read_products", |wants| wants.products, true),
    ("read_inventory", |wants| wants.inventory, true),
];

/// The scopes to ask for.
pub fn requested(wants: &Wants) -> Vec<&'static str> {
    ROWS.iter().filter(|(_, is_wanted, _)| is_wanted(wants)).map(|(scope, ..)| *scope).collect()
}

/// Those of them without which what is synced does not come.
pub fn needed(wants: &Wants) -> Vec<&'static str> {
    let needed = ROWS.iter().filter(|(_, is_wanted, is_needed)| *is_needed && is_wanted(wants));
    needed.map(|(scope, ..)| *scope).collect()
}

/// Those of `scopes` that were not granted. The right to write includes the right to read.
pub fn lacking(scopes: &[&'static str], granted: &[String]) -> Vec<&'static str> {
    let has = |scope: &str| {
        let write = scope.replacen("read_", "write_", 1);
        granted.iter().any(|granted| granted == scope || *granted == write)
    };
    scopes.iter().copied().filter(|scope| !has(scope)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Wants {
        Wants { customers: true, orders: true, products: true, carts: true, ..Wants::default() }
    }

    #[test]
    fn no_right_is_asked_for_before_its_feature_is_on() {
        let all = requested(&defaults());
        assert_eq!(
            all,
            ["read_customers", "read_customer_merge", "read_orders", "read_fulfillments", "read_products"]
        );
        assert!(requested(&Wants { writes_consent: true, ..defaults() }).contains(&"write_customers"));
        assert!(requested(&Wants { inventory: true, ..defaults() }).contains(&"read_inventory"));
        assert_eq!(requested(&Wants { products: true, ..Wants::default() }), ["read_products"]);
        let everything = Wants { writes_consent: true, inventory: true, ..defaults() };
        assert!(
            requested(&everything).iter().all(|scope| !scope.contains("pixel") && !scope.contains("script"))
        );
    }

    #[test]
    fn a_right_to_write_includes_the_right_to_read() {
        let granted = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let needed = needed(&defaults());
        assert!(lacking(&needed, &granted(&["write_customers", "read_orders", "read_products"])).is_empty());
        assert_eq!(lacking(&needed, &granted(&["read_customers", "read_products"])), ["read_orders"]);
        assert_eq!(lacking(&["write_customers"], &granted(&["read_customers"])), ["write_customers"]);
    }
}
