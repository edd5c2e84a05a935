//! A flash sale: very many orders within three minutes, with their checkouts and updates.

use crate::bodies::{Basket, OrderStage, customer};
use crate::day::{Day, Hours, Writer, later};

/// Webhooks per 100 orders, and how they come about. Changing a number here changes what every figure means.
#[rustfmt::skip]
pub const SALE: &[(&str, usize, &str)] = &[
    ("checkouts/create", 100, "with the buyer's address"),
    ("checkouts/update", 130, "100 with an address of delivery, 30 tell of the completion"),
    ("orders/create",    100, "5 to 7 lines"),
    ("orders/updated",   100, "echoes of the order"),
    ("customers/create",  30, "buyers who are new; the other 70 have bought before"),
    ("customers/update",  70, "echoes of an order"),
    ("products/update",  100, "stock levels of the five products on sale"),
];

/// Of 100 buyers, how many are new.
const NEW_BUYERS: usize = 30;

/// Orders of before the sale are numbered from here.
const EARLIER: i64 = 5_000_000;

/// Orders of the sales whose figures are printed: what holds at the largest need not hold at the others.
pub const SIZES: [usize; 3] = [250, 1_000, 5_000];

/// How long the sale lasts.
pub const SECONDS: i64 = 180;

/// When it begins, in seconds after midnight.
const BEGINS: i64 = 20 * 3600;

impl Day {
    /// A sale with this many orders, and nothing else that day.
    pub fn flash(seed: u64, orders: usize) -> Result<Self, jiff::Error> {
        let mut writer = Writer::new(seed, 0, Hours::Even)?;
        let new = writer.rng.share(orders, NEW_BUYERS);
        let completed = writer.rng.share(orders, 30);
        let echoes = writer.rng.share(orders, 70);
        for index in 0..orders {
            let at = later(writer.midnight, BEGINS * 1000 + writer.rng.between(20_000, SECONDS * 1000));
            let mut basket = writer.basket(at, !new[index]);
            if !new[index] {
                let at = later(writer.midnight, -3_000_000);
                let before = Basket { number: EARLIER + basket.number, at, ..basket.clone() };
                writer.earlier(at, "orders/create", before.order(OrderStage::Placed, at, at));
            }
            let order = |stage, updated| basket.order(stage, updated, updated);
            let (placed, echo) = (order(OrderStage::Placed, at), order(OrderStage::Placed, later(at, 900)));
            let begun = later(at, -writer.rng.between(12_000, 20_000));
            writer.push(begun, "checkouts/create", basket.checkout(true, false, begun));
            let typed = later(at, -writer.rng.between(4_000, 10_000));
            writer.push(typed, "checkouts/update", basket.checkout(true, false, typed));
            if new[index] {
                basket.buyer.since = later(at, -1_000);
                let since = basket.buyer.since;
                writer.push(since, "customers/create", customer(&basket.buyer, since));
            }
            writer.push(at, "orders/create", placed);
            if completed[index] {
                let when = later(at, 300);
                writer.push(when, "checkouts/update", basket.checkout(true, true, when));
            }
            writer.push(later(at, 900), "orders/updated", echo);
            if echoes[index] {
                let when = later(at, 1_200);
                writer.push(when, "customers/update", customer(&basket.buyer, when));
            }
            let when = later(at, writer.rng.between(400, 2_500));
            let product = i64::try_from(index % 5).unwrap_or(0);
            writer.push(when, "products/update", basket.product(product, when));
        }
        Ok(Self::of_all(seed, vec![writer]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_has_the_committed_mix() {
        let day = Day::flash(7, 100).unwrap();
        for (topic, count, _) in SALE {
            assert_eq!(day.of(topic).0, *count, "{topic}");
        }
        let (first, last) = (day.webhooks.first().unwrap().at, day.webhooks.last().unwrap().at);
        assert!(last.duration_since(first).as_secs() <= SECONDS + 10);
    }
}
