//! `carts/create` and `carts/update`, which name nobody, and `checkouts/delete`.

use tajo_domain::{Cart, CartSource, Change, Changes, Currency, Identity, Item, Money, Skipped, Unusable};

use super::parts;
use crate::Context;
use crate::shopify::payload::{self, Line, MoneySet};

/// The cart as the online store has it. What it costs is added up here: the body has only its lines.
pub fn changes(body: &[u8], begins: bool, context: &Context) -> Result<Changes, Unusable> {
    let payload: payload::Cart<'_> = payload::parse(body, "the body has no cart token")?;
    let token = parts::token(&payload.token).or_else(|| parts::token(&payload.id));
    let Some(token) = token.map(str::to_owned) else {
        return Err(Unusable::new("the body has no cart token"));
    };
    let mut changes = Changes::default();
    let updated_at = parts::first_time([&payload.updated_at], context.time);
    let lines = || payload.line_items.objects();
    let currency = lines()
        .find_map(|line| line.price_set.0.as_ref()?.shop_money.0.as_ref()?.currency_code.get())
        .and_then(Currency::parse);
    let items = parts::finished_items(
        parts::lines(&payload.line_items),
        "the cart",
        &mut changes.skipped,
        |_, line, item| priced(item, line),
    );
    let cart = Cart {
        source: CartSource::Cart,
        begins,
        tokens: vec![token.clone()],
        token,
        identity: Identity::default(),
        created_at: parts::first_time([&payload.created_at], updated_at),
        updated_at,
        triggered_at: None,
        completed_at: None,
        currency,
        total: lines().filter_map(line_total).sum(),
        subtotal: None,
        discount: None,
        tax: None,
        taxes_included: None,
        shipping: None,
        fees: None,
        url: None,
        items,
    };
    changes.changes.push(Change::Cart(Box::new(cart)));
    Ok(changes)
}

/// A checkout is gone. Only the cart's token can name it: the checkout's own is left out of this body.
pub fn checkout_deleted(body: &[u8], context: &Context) -> Result<Changes, Unusable> {
    let payload: payload::DeletedCheckout<'_> = payload::parse(body, "the body has no checkout")?;
    let token = parts::token(&payload.cart_token).or_else(|| parts::token(&payload.token));
    match (token, &payload.id.0) {
        (Some(token), _) => {
            let change = Change::CartDeleted { token: token.to_owned(), at: context.time };
            Ok(Changes { changes: vec![change], skipped: Vec::new() })
        }
        (None, Some(_)) => {
            let reason = "the deleted checkout names no cart, and its id leads to none";
            Ok(Changes { changes: Vec::new(), skipped: vec![Skipped::new("cart", reason)] })
        }
        (None, None) => Err(Unusable::new("the body has no checkout")),
    }
}

/// A cart's `price` is in the buyer's currency, and after the discounts that the cart shows by line; the shop's stands
/// beside it.
fn priced(item: Item, line: &Line<'_>) -> Item {
    let shop = |set: &Option<MoneySet<'_>>| set.as_ref().and_then(MoneySet::shop);
    let in_shop_money = shop(&line.price_set.0);
    let price = in_shop_money.unwrap_or(item.price);
    let original = match in_shop_money {
        Some(_) => shop(&line.original_line_price_set.0),
        None => line.original_line_price.0,
    };
    // The price of one before discounts, where the line's is one without a remainder.
    let pieces = Money::from(item.quantity);
    let before = original
        .and_then(|original| original.checked_div(pieces))
        .filter(|one| price < *one && Some(*one * pieces) == original);
    let item = Item { price: before.unwrap_or(price), ..item };
    let total = line_total(line).unwrap_or_else(|| item.line_total());
    Item { discount: item.line_total() - total, ..item }
}

/// After discounts, in shop money where the line has it.
fn line_total(line: &Line<'_>) -> Option<Money> {
    let in_all = line.line_price_set.0.as_ref().and_then(|set| set.shop()).or(line.line_price.0);
    let price = || line.price_set.0.as_ref().and_then(|set| set.shop()).or(line.price.0);
    in_all.or_else(|| Some(price()? * Money::from(line.quantity.0.unwrap_or(0))))
}
