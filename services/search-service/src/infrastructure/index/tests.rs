use std::ptr;

use chrono::DateTime;
use config::money::Money;

use super::*;
use crate::domain::{Details, Figure, Filters, Rating, Stock};

fn product(number: u32, name: &str) -> Product {
    Product {
        id: format!("{number:024x}").parse().unwrap(),
        details: Details {
            name: name.to_owned(),
            description: String::new(),
            price: Money::from_minor(100, Currency::USD),
            category: "Things".to_owned(),
            sku: format!("T-{number}"),
            images: vec![],
            attributes: std::collections::BTreeMap::new(),
            weight_grams: 0,
            active: true,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        },
        stock: Stock::default(),
        rating: Rating::default(),
    }
}

/// Tries to make the index of these.
async fn make(library: &Library, names: &[&str]) -> Result<u64, SearchError> {
    library.begin()?;
    library.add(names.iter().zip(1..).map(|(name, number)| product(number, name)).collect());
    library.finish().await
}

fn library() -> Library {
    Library::new(Currency::USD, Synonyms::default())
}

fn total(library: &Library, keyword: &str) -> u64 {
    let keyword = keyword.parse().unwrap();
    let (filters, sort) = (Filters::default(), Sort::default());
    library.search(&Query { keyword, filters, sort, after: None, skip: 0, limit: 10 }).unwrap().total
}

#[tokio::test]
async fn of_a_long_query_only_the_first_words_may_be_mistyped() {
    let library = library();
    make(&library, &["Kettle hammock chocolate blanket pillow curtain lantern"]).await.unwrap();
    let snapshot = library.snapshot().unwrap();
    let mut lookalikes = Lookalikes::new(&snapshot);
    let mistakes = "ketle hamock choclate blankt pillw curtin lantrn";
    for tolerance in [Tolerance::Unknown, Tolerance::All] {
        let plan = Plan::new(&snapshot, &Synonyms::default(), mistakes, tolerance, &mut lookalikes).unwrap();
        assert_eq!(plan.corrections[5], ["curtain"]);
        let corrected: Vec<usize> = plan.corrections.iter().map(Vec::len).collect();
        assert_eq!(corrected, [1, 1, 1, 1, 1, 1, 0]);
    }
}

#[tokio::test]
async fn figures_leave_the_names_in_their_order_and_texts_do_not() {
    let library = library();
    make(&library, &["Kettle one", "Kettle two"]).await.unwrap();
    let suggested = || -> Vec<String> {
        let all = library.complete("kettle", &[], 10).unwrap();
        all.into_iter().map(|completion| completion.text).collect()
    };
    assert_eq!(suggested(), ["Kettle one", "Kettle two"]);
    let before = library.snapshot().unwrap();
    assert_eq!(before.by_name(), [0, 1]);
    let two = product(2, "Kettle two");
    let stock = Figure::Stock(Stock { available: 3, version: 1 });
    let rating = Figure::Rating(Rating { average: 4.0, count: 9, version: 1 });
    for figure in [stock, rating] {
        library.apply(Change::Figure(two.id.clone(), figure));
    }
    library.publish().unwrap();
    let after = library.snapshot().unwrap();
    assert_ne!(after.edition, before.edition);
    assert!(ptr::eq(before.by_name(), after.by_name()));
    assert!(ptr::eq(before.suggestions(), after.suggestions()));
    assert_eq!(suggested(), ["Kettle two", "Kettle one"]);
    library.apply(Change::Product(Box::new(product(3, "A kettle"))));
    library.publish().unwrap();
    assert_eq!(library.snapshot().unwrap().by_name(), [1, 2, 0]);
    assert_eq!(suggested(), ["Kettle two", "Kettle one", "A kettle"]);
    let mut gone = two;
    (gone.details.active, gone.details.version) = (false, 2);
    library.apply(Change::Product(Box::new(gone)));
    library.publish().unwrap();
    assert_eq!(suggested(), ["Kettle one", "A kettle"]);
}

#[tokio::test]
async fn another_index_suggests_its_own() {
    let library = library();
    make(&library, &["Kettle"]).await.unwrap();
    assert_eq!(library.complete("kettle", &[], 10).unwrap().len(), 1);
    make(&library, &[]).await.unwrap();
    assert!(library.complete("kettle", &[], 10).unwrap().is_empty());
}

#[tokio::test]
async fn what_could_not_be_written_is_written_with_the_next_try() {
    let library = library();
    library.begin().unwrap();
    let busy = library.shelves().next.as_ref().unwrap().words.writer().unwrap();
    assert!(make(&library, &["Kettle"]).await.is_err());
    assert_eq!(library.edition(), None);
    drop(busy);
    assert_eq!(make(&library, &["Kettle", "Hammock"]).await.unwrap(), 2);
    assert_eq!((total(&library, "kettle"), total(&library, "hammock")), (1, 1));
    let busy = library.shelves().live.as_ref().unwrap().words.writer().unwrap();
    library.apply(Change::Product(Box::new(product(3, "Lantern"))));
    assert!(library.publish().is_err());
    drop(busy);
    library.publish().unwrap();
    assert_eq!(total(&library, "lantern"), 1);
}

#[tokio::test]
async fn a_crash_of_publishing_is_heard() {
    let library = library();
    make(&library, &["Kettle"]).await.unwrap();
    // A slot that no product has.
    let nowhere = TextChange { slot: 9, product: None };
    library.shelves().live.as_mut().unwrap().ledger.put_back(&[nowhere]);
    library.0.changed.notify_one();
    let publishing = tokio::spawn(async move { library.keep_published().await });
    let ended = tokio::time::timeout(Duration::from_secs(10), publishing).await;
    assert!(ended.expect("publishing doesn't go on").unwrap_err().is_panic());
}
