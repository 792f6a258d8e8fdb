//! The index by itself: filters, facets, orders, pages, mistakes; and how long a search takes.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod shelf;

use std::collections::HashSet;
use std::time::Instant;

use search_service::application::{Change, Found, Index as _};
use search_service::domain::{
    AttributeFilter, AttributeValue, Figure, Filters, Product, Query, Rating, Sort, Stock,
};
use search_service::infrastructure::Library;

use crate::shelf::{demo, library, query};

fn skus(found: &Found) -> Vec<&str> {
    found.hits.iter().map(|hit| hit.product.details.sku.as_str()).collect()
}

fn everything(filters: Filters) -> Query {
    Query { filters: filters.normalised(), sort: Sort::NEWEST, limit: 100, ..query("") }
}

fn values(list: &[&str]) -> Vec<String> {
    list.iter().map(|value| (*value).to_owned()).collect()
}

#[tokio::test]
async fn filters_leave_what_they_name_and_facets_count_it() {
    let library = library(demo()).await;
    let all = demo();
    type Rule = Box<dyn Fn(&Product) -> bool>;
    let brand = AttributeFilter { name: "Brand".to_owned(), values: values(&["fellside", "STILLWATER"]) };
    let is_brand = |product: &Product| {
        let brand = product.details.attributes.get("brand");
        ["Fellside", "Stillwater"].iter().any(|it| brand == Some(&AttributeValue::Text((*it).to_owned())))
    };
    let cases: Vec<(Filters, Rule)> = vec![
        (Filters::default(), Box::new(|_| true)),
        (
            Filters { categories: values(&["HOME & kitchen", "books"]), ..Filters::default() },
            Box::new(|it| ["Home & Kitchen", "Books"].contains(&it.details.category.as_str())),
        ),
        (
            Filters { min_price: Some(3_900), max_price: Some(9_900), ..Filters::default() },
            Box::new(|it| (3_900..=9_900).contains(&it.details.price.minor())),
        ),
        (Filters { attributes: vec![brand.clone()], ..Filters::default() }, Box::new(is_brand)),
        (
            Filters {
                attributes: vec![brand],
                categories: values(&["fashion"]),
                max_price: Some(10_000),
                ..Filters::default()
            },
            Box::new(move |it| {
                is_brand(it) && it.details.category == "Fashion" && it.details.price.minor() <= 10_000
            }),
        ),
        (Filters { in_stock: Some(false), ..Filters::default() }, Box::new(|_| false)),
        (Filters { categories: values(&["no such"]), ..Filters::default() }, Box::new(|_| false)),
    ];
    for (filters, rule) in cases {
        let expected: HashSet<&str> =
            all.iter().filter(|it| rule(it)).map(|it| it.details.sku.as_str()).collect();
        let found = library.search(&everything(filters.clone())).unwrap();
        assert_eq!(skus(&found).into_iter().collect::<HashSet<_>>(), expected, "{filters:?}");
        assert_eq!(found.total as usize, expected.len());
        if filters.in_stock.is_none() {
            assert_eq!(found.facets.in_stock, found.total);
        }
        if filters == Filters::default() {
            let sum: u64 = found.facets.categories.iter().map(|it| it.count).sum();
            let prices: u64 = found.facets.prices.iter().map(|it| it.count).sum();
            assert_eq!((sum, prices), (found.total, found.total));
        }
    }
    // A facet is counted without its own filter, so that another value can be chosen.
    let books = Filters { categories: values(&["books"]), ..Filters::default() };
    let found = library.search(&everything(books)).unwrap();
    assert_eq!(found.facets.categories.iter().map(|it| it.count).sum::<u64>(), 61);
    let language = found.facets.attributes.iter().find(|facet| facet.name == "language").unwrap();
    assert_eq!((language.values[0].value.as_str(), language.values[0].count), ("en", 5));
}

#[tokio::test]
async fn every_order_leads_through_everything_page_by_page_while_the_catalogue_changes() {
    for word in ["relevance", "price", "-price", "name", "-name", "rating", "-rating", "created_at"] {
        let library = library(demo()).await;
        let sort: Sort = word.parse().unwrap();
        let keyword = if word == "relevance" { "with" } else { "" };
        let whole = Query { sort, limit: 100, ..query(keyword) };
        let whole = library.search(&whole).unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = Query { sort, limit: 7, after: after.clone(), ..query(keyword) };
            let found = library.search(&page).unwrap();
            assert_eq!(found.total, whole.total);
            seen.extend(skus(&found).into_iter().map(str::to_owned));
            let Some(next) = found.next else { break };
            after = Some(next);
            // A change of what was shown shakes no page.
            let first = &whole.hits[0].product;
            let stock = Stock { available: 3, version: seen.len() as u64 };
            library.apply(Change::Figure(first.id.clone(), Figure::Stock(stock)));
            library.publish().unwrap();
        }
        assert_eq!(seen, skus(&whole), "{word}");
        let skipped = Query { sort, limit: 5, skip: 3, ..query(keyword) };
        assert_eq!(skus(&library.search(&skipped).unwrap()), seen[3..8], "{word}");
    }
}

#[tokio::test]
async fn mistakes_are_forgiven_named_and_never_better_than_the_word_itself() {
    let library = library(demo()).await;
    let found = library.search(&query("headphnes")).unwrap();
    assert_eq!((skus(&found)[0], found.did_you_mean.as_deref()), ("AU-HUSH2", Some("headphones")));
    assert_eq!(found.hits[0].name.as_deref(), Some("Hush 2 Noise-cancelling <em>Headphones</em>"));
    let found = library.search(&query("dien thoại")).unwrap();
    assert_eq!((found.did_you_mean, found.verbatim), (None, true));
    assert_eq!(found.hits[0].name.as_deref(), Some("<em>Điện</em> <em>thoại</em> Sen 10"));
    // Too far for tolerance, near enough for a question.
    let found = library.search(&query("ktetel")).unwrap();
    assert_eq!((found.total, found.did_you_mean.as_deref()), (0, Some("kettle")));
    for nothing in ["xqzzy", "!!!", "🦀"] {
        let found = library.search(&query(nothing)).unwrap();
        assert_eq!((found.total, found.did_you_mean), (0, None), "{nothing}");
    }
    let scores = |keyword| library.search(&query(keyword)).unwrap().hits[0].score;
    assert!(scores("kettle") > scores("ketle") && scores("kettle") > scores("kettl"));
}

#[tokio::test]
async fn two_indexes_that_heard_the_same_in_another_order_answer_alike() {
    let one = library(demo()).await;
    let mut backwards = demo();
    backwards.reverse();
    let two = library(backwards[30..].to_vec()).await;
    for product in backwards[..30].iter().rev() {
        two.apply(Change::Product(Box::new(product.clone())));
        two.publish().unwrap();
    }
    assert_eq!(one.edition(), two.edition());
    for keyword in ["phone", "coffee", "cà phê", "with", "leather belt", "headphnes", ""] {
        let (a, b) = (one.search(&query(keyword)).unwrap(), two.search(&query(keyword)).unwrap());
        assert_eq!(skus(&a), skus(&b), "{keyword}");
        let scores = |found: &Found| found.hits.iter().map(|hit| hit.score).collect::<Vec<_>>();
        assert_eq!((scores(&a), &a.facets), (scores(&b), &b.facets), "{keyword}");
    }
}

#[tokio::test]
async fn news_is_found_and_what_is_archived_is_not() {
    let library = library(demo()).await;
    let before = library.edition();
    let mut product = demo().remove(0);
    product.details.name = "Quokka".to_owned();
    product.details.version = 2;
    library.apply(Change::Product(Box::new(product.clone())));
    let rating = Rating { average: 4.5, count: 9, version: 1 };
    library.apply(Change::Figure(product.id.clone(), Figure::Rating(rating)));
    library.publish().unwrap();
    assert_eq!(skus(&library.search(&query("quokka")).unwrap()), ["LT-ZEN14"]);
    assert!(!skus(&library.search(&query("ultrabook 14")).unwrap()).is_empty());
    let rated = Filters { min_rating: Some(450), ..Filters::default() };
    assert_eq!(skus(&library.search(&everything(rated)).unwrap()), ["LT-ZEN14"]);
    assert_ne!(library.edition(), before);
    product.details.active = false;
    product.details.version = 3;
    library.apply(Change::Product(Box::new(product.clone())));
    // Late news of an older state puts nothing back on sale.
    library.apply(Change::Product(Box::new(demo().remove(0))));
    library.publish().unwrap();
    assert_eq!(library.search(&query("quokka")).unwrap().total, 0);
    assert_eq!(library.size(), 60);
    assert_eq!(library.product(&product.id).unwrap(), None);
}

/// Ten thousand products made of the demonstration's words.
async fn large() -> Library {
    let demo = demo();
    let mut products = Vec::new();
    for number in 0..10_000usize {
        let (a, b) = (&demo[number % demo.len()], &demo[(number * 7 + number / 61) % demo.len()]);
        let mut product = a.clone();
        product.id = format!("{number:024x}").parse().unwrap();
        product.details.sku = format!("{}-{number}", a.details.sku);
        product.details.name = format!("{} {} {number}", a.details.name, b.details.name);
        product.details.description = format!("{} {}", a.details.description, b.details.description);
        products.push(product);
    }
    library(products).await
}

/// `cargo test --release -p search-service --test index -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement"]
async fn how_long_a_search_takes() {
    let library = large().await;
    let nonsense: Vec<String> = ('a'..='v').map(|letter| format!("zqxk{letter}jw{letter}")).collect();
    let nonsense = nonsense.join(" ");
    let keywords = [
        "laptop",
        "gaming laptop",
        "headphnes",
        "dien thoai",
        "phone",
        "coffee machine",
        "choclate",
        "sleeping bag",
        "leather",
        "",
        "ca phe robusta",
        "kett",
        "waterproof jacket 42",
        "notebook a5",
        "mat ong",
        "xqz",
        &nonsense,
    ];
    for keyword in keywords {
        let query = query(keyword);
        library.search(&query).unwrap();
        let rounds = 300;
        let started = Instant::now();
        let mut total = 0;
        for _ in 0..rounds {
            total = library.search(&query).unwrap().total;
        }
        println!(
            "{keyword:24} {total:6} hits {:8.1} µs",
            started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
        );
    }
}

#[tokio::test]
async fn every_value_of_every_attribute_can_be_filtered_by_and_few_are_facets() {
    let template = demo().remove(0);
    let many = (1..=300u32).map(|number| {
        let mut product = template.clone();
        product.id = format!("{number:024x}").parse().unwrap();
        product.details.sku = format!("S-{number}");
        let attribute = |name: String, value: String| (name, AttributeValue::Text(value));
        product.details.attributes = [
            attribute("brand".to_owned(), format!("Brand {number}")),
            attribute(format!("name {}", number % 100), "yes".to_owned()),
            attribute("kind".to_owned(), "one".to_owned()),
            attribute("note".to_owned(), format!("{} {number}", "long ".repeat(15))),
        ]
        .into();
        product
    });
    let library = library(many.collect()).await;
    let only = |name: &str, value: &str| {
        let filter = AttributeFilter { name: name.to_owned(), values: values(&[value]) };
        library.search(&everything(Filters { attributes: vec![filter], ..Filters::default() })).unwrap()
    };
    assert_eq!(skus(&only("brand", "brand 299")), ["S-299"]);
    assert_eq!(skus(&only("note", &format!("{} 298", "long ".repeat(15)))), ["S-298"]);
    assert_eq!(only("name 99", "yes").total, 3);
    let facets = library.search(&everything(Filters::default())).unwrap().facets;
    assert_eq!((facets.attributes[0].name.as_str(), facets.attributes.len()), ("kind", 20));
    assert!(facets.attributes.iter().all(|facet| facet.name != "brand" && facet.name != "note"));
}
