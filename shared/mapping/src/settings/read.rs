//! From the document to the settings.

use serde::Deserialize;
use serde_path_to_error::{Deserializer, Track};
use serde_saphyr::{Error, options};
use tajo_domain::ConsentSource;

use super::contacts::contacts;
use super::document::{
    Connector, Consent, Direction, Document, FilterBlock, InventoryBlock, ListRef, ListsBlock, OrdersBlock,
    ProductStatus, ProductsBlock, Stores, Switch, SyncBlock, Truth,
};
use super::{
    API_VERSION, ConsentSettings, InventorySettings, ListNames, Lists, Logging, OrderSettings, ProductFilter,
    ProductSettings, Settings, SettingsError, Sync, stores,
};
use crate::FieldMapping;

impl Settings {
    /// Reads a document. `field_mapping` and `sync` may stand at the top level or under the connector;
    /// the connector's own keys win. An empty document gives the defaults.
    pub fn from_yaml(text: &str) -> Result<Self, SettingsError> {
        Self::read(text, false)
    }

    /// Reads a document that was accepted before, perhaps by an older version that took any name in `field_mapping`: a
    /// line there that means nothing, or nothing good, is left out with a warning. A store must not stand still for it.
    pub fn from_stored(text: &str) -> Result<Self, SettingsError> {
        Self::read(text, true)
    }

    fn read(text: &str, stored: bool) -> Result<Self, SettingsError> {
        let mut document = parse(text)?;
        let own = match std::mem::take(&mut document.connectors.shopify) {
            Stores::One(own) => *own,
            Stores::Many(stores) => stores::only(stores)?,
        };
        Self::of(&document, own, stored)
    }

    /// The settings of each store of a document, in its order.
    pub(super) fn each(text: &str) -> Result<Vec<Self>, SettingsError> {
        let mut document = parse(text)?;
        match std::mem::take(&mut document.connectors.shopify) {
            Stores::One(own) => Ok(vec![Self::of(&document, *own, false)?]),
            Stores::Many(stores) => {
                stores::check(&stores)?;
                stores.into_iter().map(|own| Self::of(&document, own.value, false)).collect()
            }
        }
    }

    /// One store's settings: its own, and those at the top level.
    fn of(document: &Document, own: Connector, stored: bool) -> Result<Self, SettingsError> {
        let logging = logging(&own);
        let consent = consent(&own);
        let layers = [&own.sync, &document.sync];
        let mut warnings: Vec<String> = api_version(own.api_version.as_deref()).into_iter().collect();
        let (field_mapping, wrong) = FieldMapping::new(document.field_mapping.clone(), own.field_mapping);
        for error in wrong {
            if !stored {
                return Err(error);
            }
            warnings.push(format!("left out: {error}"));
        }
        let defaults = Self::default();
        let rest = |sync: &&SyncBlock| sync.carts.as_ref()?.block()?.abandoned_after;
        let mut settings = Self {
            enabled: own.enabled.unwrap_or(defaults.enabled),
            sync: switches(layers, defaults.sync),
            contacts: contacts(&own.contacts),
            lists: lists(&own.lists),
            list_names: list_names(&own.lists),
            currency_check: own.currency_check.unwrap_or(defaults.currency_check),
            renamed: defaults.renamed,
            consent,
            reserved_events: own.reserved_events.unwrap_or(defaults.reserved_events),
            totals: own.totals.unwrap_or(defaults.totals),
            products: products(layers, defaults.products),
            inventory: inventory(layers, defaults.inventory),
            orders: orders(layers, defaults.orders),
            abandoned_after: layers.iter().find_map(rest).map_or(defaults.abandoned_after, |rest| rest.0),
            orders_kept: own.retention.orders_months.map_or(defaults.orders_kept, super::months),
            logging,
            shop_url: own.shop_url,
            field_mapping,
            warnings,
        };
        let more = [recency(&settings), crossings(&settings, layers)];
        settings.warnings.extend(more.into_iter().flatten());
        Ok(settings)
    }
}

/// The document, or what is wrong with it and where.
fn parse(text: &str) -> Result<Document, SettingsError> {
    if text.trim().is_empty() {
        return Ok(Document::default());
    }
    let mut track = Track::new();
    let read = serde_saphyr::with_deserializer_from_str_with_options(
        text,
        options! { with_snippet: false },
        |yaml| Option::<Document>::deserialize(Deserializer::new(yaml, &mut track)),
    );
    match read {
        Ok(document) => Ok(document.unwrap_or_default()),
        // A document of comments alone.
        Err(Error::Eof { .. }) => Ok(Document::default()),
        Err(error) => {
            let path = track.path().to_string();
            // Where the tracker did not see the key, what is above it is named.
            let path = path.split(".?").next().unwrap_or_default();
            // An entry of a list keeps its place in a wrapper, which is no key.
            let path = &path.replace("].value", "]");
            Err(SettingsError::from_parser(&error, if path == "." { "" } else { path }))
        }
    }
}

fn switches(layers: [&SyncBlock; 2], defaults: Sync) -> Sync {
    fn on<T>(
        layers: [&SyncBlock; 2],
        kind: fn(&SyncBlock) -> Option<&Switch<T>>,
        enabled: fn(&T) -> Option<bool>,
        otherwise: bool,
    ) -> bool {
        let said = |switch: &Switch<T>| match switch {
            Switch::Plain(on) => Some(*on),
            Switch::Block(block) => enabled(block),
        };
        layers.into_iter().filter_map(kind).find_map(said).unwrap_or(otherwise)
    }
    Sync {
        customers: on(layers, |sync| sync.customers.as_ref(), |block| block.enabled, defaults.customers),
        orders: on(layers, |sync| sync.orders.as_ref(), |block| block.enabled, defaults.orders),
        products: on(layers, |sync| sync.products.as_ref(), |block| block.enabled, defaults.products),
        carts: on(layers, |sync| sync.carts.as_ref(), |block| block.enabled, defaults.carts),
        inventory: on(layers, |sync| sync.inventory.as_ref(), |block| block.enabled, defaults.inventory),
    }
}

fn lists(block: &ListsBlock) -> Lists {
    let id = |list: &Option<ListRef>| match list {
        Some(ListRef::Id(id)) => Some(id.get()),
        Some(ListRef::Name(_)) | None => None,
    };
    Lists {
        all_customers: id(&block.all_customers),
        buyers: id(&block.buyers),
        abandoned_cart: id(&block.abandoned_cart),
    }
}

fn list_names(block: &ListsBlock) -> ListNames {
    let name = |list: &Option<ListRef>| match list {
        Some(ListRef::Name(name)) => Some(name.clone()),
        Some(ListRef::Id(_)) | None => None,
    };
    ListNames {
        all_customers: name(&block.all_customers),
        buyers: name(&block.buyers),
        abandoned_cart: name(&block.abandoned_cart),
        folder: block.folder.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
    }
}

fn consent(own: &Connector) -> ConsentSettings {
    let (direction, truth) = match &own.consent {
        Some(Consent::Direction(direction)) => (Some(*direction), None),
        Some(Consent::Block(block)) => (block.direction, block.source_of_truth),
        None => (None, None),
    };
    let source_of_truth = match truth.or(own.consent_source) {
        Some(Truth::Store) => ConsentSource::Store,
        Some(Truth::Brevo) => ConsentSource::Brevo,
        Some(Truth::Newest) => ConsentSource::Newest,
        None => ConsentSource::default(),
    };
    ConsentSettings { is_two_way: matches!(direction, Some(Direction::TwoWay)), source_of_truth }
}

fn products(layers: [&SyncBlock; 2], defaults: ProductSettings) -> ProductSettings {
    let blocks = layers.map(|sync| sync.products.as_ref().and_then(Switch::block));
    let on = |read: fn(&ProductsBlock) -> Option<bool>, otherwise| first(blocks, read).unwrap_or(otherwise);
    ProductSettings {
        include_variants: on(|block| block.include_variants, defaults.include_variants),
        include_images: on(|block| block.include_images, defaults.include_images),
        categories_as_tags: on(|block| block.categories_as_tags, defaults.categories_as_tags),
        filter: filter(blocks.map(|block| block?.filter.as_ref())),
    }
}

fn filter(blocks: [Option<&FilterBlock>; 2]) -> ProductFilter {
    let status = match first(blocks, |block| block.status) {
        Some(ProductStatus::Active) | None => Some("active"),
        Some(ProductStatus::Draft) => Some("draft"),
        Some(ProductStatus::Archived) => Some("archived"),
        Some(ProductStatus::Unlisted) => Some("unlisted"),
        Some(ProductStatus::Any) => None,
    };
    ProductFilter {
        status: status.map(str::to_owned),
        published: first(blocks, |block| block.published).is_some(),
        exclude_tags: first(blocks, |block| block.exclude_tags.clone()).unwrap_or_default(),
    }
}

fn inventory(layers: [&SyncBlock; 2], defaults: InventorySettings) -> InventorySettings {
    let blocks: [Option<&InventoryBlock>; 2] =
        layers.map(|sync| sync.inventory.as_ref().and_then(Switch::block));
    InventorySettings {
        low_stock_threshold: first(blocks, |block| block.low_stock_threshold)
            .or(defaults.low_stock_threshold),
        out_of_stock_events: first(blocks, |block| block.out_of_stock_events)
            .unwrap_or(defaults.out_of_stock_events),
        alert_email: first(blocks, |block| block.alert_email.as_ref().map(|email| email.0.clone()))
            .or(defaults.alert_email),
    }
}

fn orders(layers: [&SyncBlock; 2], defaults: OrderSettings) -> OrderSettings {
    let blocks: [Option<&OrdersBlock>; 2] = layers.map(|sync| sync.orders.as_ref().and_then(Switch::block));
    OrderSettings {
        include_test_orders: first(blocks, |block| block.include_test_orders)
            .unwrap_or(defaults.include_test_orders),
        item_events: first(blocks, |block| block.item_events).unwrap_or(defaults.item_events),
    }
}

/// What the first block says that says anything.
fn first<T, V>(blocks: [Option<&T>; 2], read: fn(&T) -> Option<V>) -> Option<V> {
    blocks.into_iter().flatten().find_map(read)
}

fn logging(own: &Connector) -> Logging {
    Logging {
        level: own.log_level.unwrap_or_default(),
        debug: own.debug.unwrap_or(false),
        webhooks: own.log_webhooks.unwrap_or(false),
    }
}

fn api_version(asked: Option<&str>) -> Option<String> {
    let asked = asked.filter(|asked| *asked != API_VERSION)?;
    Some(format!("`api_version: {asked}` is not what this connector speaks: {API_VERSION} is used instead"))
}

/// Days go by without any webhook.
fn recency(settings: &Settings) -> Option<String> {
    let mapped = settings.field_mapping.get("days_since_last_order")?;
    Some(format!(
        "`days_since_last_order` fills {} as of the contact's last webhook, and stands still until the next: build \
         conditions on the day itself (`last_order_date`), which stays true",
        mapped.attribute
    ))
}

/// Events that were asked for in so many words, and that nobody would get.
fn crossings(settings: &Settings, layers: [&SyncBlock; 2]) -> Option<String> {
    let blocks = layers.map(|sync| sync.inventory.as_ref().and_then(Switch::block));
    let asked = first(blocks, |block| block.low_stock_threshold).is_some()
        || first(blocks, |block| block.out_of_stock_events) == Some(true);
    let is_mute = settings.sync.inventory && settings.inventory.alert_email.is_none();
    (asked && is_mute).then(|| {
        "`sync.inventory` sends no events of low or missing stock without `alert_email`, the contact they go to: \
         without it only the stock on the Brevo product says it"
            .to_owned()
    })
}
