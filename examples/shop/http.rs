//! Products and orders over HTTP, for customers.

use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::cache::Cache;
use crate::catalogue::{Catalogue, Item};
use crate::counters::{ANSWER_TIME, REFUSED, REQUESTS, UNKNOWN};
use crate::error::ShopError;
use crate::orders::{Order, Orders};
use crate::sku::Sku;

/// The state of a request; each part is shared with the console's commands.
#[derive(Clone, Default)]
pub(crate) struct Shop {
    pub(crate) catalogue: Catalogue,
    pub(crate) cache: Cache,
    pub(crate) orders: Orders,
}

#[derive(Deserialize)]
struct NewOrder {
    sku: String,
    count: u32,
}

#[derive(Serialize)]
struct Placed {
    id: u64,
}

/// Why a request was refused.
enum Refusal {
    Unknown(&'static str),
    Busy(ShopError),
}

pub(crate) fn router(shop: Shop) -> Router {
    Router::new()
        .route("/products", get(products))
        .route("/products/{sku}", get(product))
        .route("/orders", post(place))
        .route("/orders/{id}", get(order))
        .layer(middleware::from_fn(counted))
        .with_state(shop)
}

async fn counted(request: Request, next: Next) -> Response {
    let start = Instant::now();
    REQUESTS.increment();
    let response = next.run(request).await;
    ANSWER_TIME.record(start.elapsed());
    response
}

async fn products(State(shop): State<Shop>) -> Json<Vec<Item>> {
    Json(shop.catalogue.items())
}

async fn product(State(shop): State<Shop>, Path(name): Path<String>) -> Result<Json<Item>, Refusal> {
    let sku = find(&name)?;
    if let Some(item) = shop.cache.get(sku) {
        return Ok(Json(item));
    }
    let item = shop.catalogue.look_up(sku).await;
    shop.cache.put(item.clone());
    Ok(Json(item))
}

async fn place(
    State(shop): State<Shop>,
    Json(NewOrder { sku, count }): Json<NewOrder>,
) -> Result<(StatusCode, Json<Placed>), Refusal> {
    let sku = find(&sku)?;
    let id = shop.orders.place(sku, count).map_err(|error| {
        REFUSED.increment();
        Refusal::Busy(error)
    })?;
    Ok((StatusCode::ACCEPTED, Json(Placed { id })))
}

async fn order(State(shop): State<Shop>, Path(id): Path<u64>) -> Result<Json<Order>, Refusal> {
    let order = shop.orders.get(id).ok_or_else(|| unknown("order"))?;
    Ok(Json(order))
}

fn find(name: &str) -> Result<Sku, Refusal> {
    Sku::find(name).ok_or_else(|| unknown("product"))
}

fn unknown(what: &'static str) -> Refusal {
    UNKNOWN.increment();
    Refusal::Unknown(what)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown(what) => (StatusCode::NOT_FOUND, format!("no such {what}\n")).into_response(),
            Self::Busy(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
        }
    }
}
