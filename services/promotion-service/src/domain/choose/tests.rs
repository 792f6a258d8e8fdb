//! What is chosen really is the best that is allowed, and adds up.

use chrono::{DateTime, Utc};
use config::money::{Currency, Money};
use proptest::prelude::*;

use super::*;
use crate::domain::{Benefit, Conditions, GroupSize, Line, Percent, Period, Reason, Terms, Usage};

fn now() -> DateTime<Utc> {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn promotion(id: u64, benefit: Benefit) -> Promotion {
    let period = Period::new(Period::start("2026-01-01").unwrap(), Period::end("2026-12-31").unwrap());
    Promotion {
        id: PromotionId::new(id),
        terms: Terms {
            code: None,
            name: None,
            description: format!("promotion {id}").parse().unwrap(),
            benefit,
            max_discount: None,
            conditions: Conditions::default(),
            period: period.unwrap(),
            stackable: false,
            priority: 0,
            is_active: true,
            is_public: true,
        },
        usage: Usage::default(),
        version: 1,
        archived: false,
        created_at: now(),
        updated_at: now(),
    }
}

fn stackable(mut promotion: Promotion) -> Promotion {
    promotion.terms.stackable = true;
    promotion
}

fn coded(mut promotion: Promotion, code: &str) -> Promotion {
    promotion.terms.code = Some(code.parse().unwrap());
    promotion
}

fn percent(hundredths: u16) -> Benefit {
    Benefit::Percentage(Percent::from_hundredths(hundredths).unwrap())
}

fn usd(minor: i64) -> Money {
    Money::from_minor(minor, Currency::USD)
}

fn basket(currency: Currency, lines: &[(i64, u32)]) -> Basket {
    let line = |(index, (minor, quantity)): (usize, &(i64, u32))| Line {
        product_id: format!("{index:024x}").parse().unwrap(),
        category: Some(["Books", "Laptops", "Audio"][index % 3].parse().unwrap()),
        quantity: *quantity,
        price: Money::from_minor(*minor, currency),
    };
    Basket::new(currency, lines.iter().enumerate().map(line).collect()).unwrap()
}

fn ids(deal: &Deal) -> Vec<u64> {
    deal.applied.iter().map(|applied| applied.promotion_id.get()).collect()
}

#[test]
fn two_at_1500_with_ten_per_cent_off_are_2700() {
    let deal = choose(&basket(Currency::USD, &[(150_000, 2)]), &[&promotion(3, percent(1000))]);
    assert_eq!((deal.discount, deal.free_shipping, ids(&deal)), (usd(30_000), false, vec![3]));
}

#[test]
fn nothing_is_offered_nothing_is_taken_off() {
    let deal = choose(&basket(Currency::USD, &[(150_000, 2)]), &[]);
    assert_eq!((deal.discount, deal.free_shipping, deal.applied.len()), (usd(0), false, 0));
}

#[test]
fn a_stack_is_applied_by_priority_each_on_what_is_left() {
    let mut early = stackable(promotion(2, Benefit::Fixed(usd(1_000))));
    early.terms.priority = 5;
    let late = stackable(promotion(1, percent(5000)));
    let deal = choose(&basket(Currency::USD, &[(10_000, 1)]), &[&late, &early]);
    assert_eq!((ids(&deal), deal.discount), (vec![2, 1], usd(1_000 + 4_500)));
}

#[test]
fn the_better_of_the_stack_and_a_single_one_wins() {
    let stack = [stackable(promotion(1, percent(1000))), stackable(promotion(2, percent(1000)))];
    let goods = basket(Currency::USD, &[(10_000, 1)]);
    let offer = |hundredths| {
        let single = promotion(3, percent(hundredths));
        ids(&choose(&goods, &[&stack[0], &stack[1], &single]))
    };
    // Ten per cent twice are nineteen.
    assert_eq!(offer(1800), [1, 2]);
    assert_eq!(offer(1901), [3]);
    // At the same price, the one that uses up less.
    assert_eq!(offer(1900), [3]);
}

#[test]
fn a_code_is_honoured_unless_that_makes_it_dearer() {
    let mut goods = basket(Currency::USD, &[(10_000, 1)]);
    goods.code = Some("TEN".parse().unwrap());
    let code = coded(promotion(9, percent(1000)), "ten");
    let automatic = |hundredths| promotion(1, percent(hundredths));
    assert_eq!(ids(&choose(&goods, &[&automatic(900), &code])), [9]);
    assert_eq!(ids(&choose(&goods, &[&automatic(1000), &code])), [9]);
    assert_eq!(ids(&choose(&goods, &[&automatic(1001), &code])), [1]);
}

#[test]
fn one_free_shipping_is_enough_and_that_of_the_code_is_taken() {
    let mut goods = basket(Currency::USD, &[(10_000, 1)]);
    goods.code = Some("FREE".parse().unwrap());
    let mut automatic = stackable(promotion(1, Benefit::FreeShipping));
    automatic.terms.priority = 9;
    let code = stackable(coded(promotion(2, Benefit::FreeShipping), "FREE"));
    let deal = choose(&goods, &[&automatic, &code]);
    assert_eq!((ids(&deal), deal.free_shipping, deal.discount), (vec![2], true, usd(0)));
}

#[test]
fn at_the_same_price_free_shipping_wins() {
    let goods = basket(Currency::USD, &[(10_000, 1)]);
    let (plain, better) =
        (stackable(promotion(1, percent(1000))), stackable(promotion(2, Benefit::FreeShipping)));
    let deal = choose(&goods, &[&promotion(3, percent(1000)), &plain, &better]);
    assert_eq!(ids(&deal), [1, 2]);
}

#[test]
fn a_cap_holds_and_only_the_meant_products_get_less() {
    let mut capped = promotion(1, percent(5000));
    capped.terms.max_discount = Some(usd(700));
    capped.terms.conditions.categories = vec!["laptops".parse().unwrap()];
    let deal = choose(&basket(Currency::USD, &[(10_000, 1), (10_000, 1)]), &[&capped]);
    assert_eq!(deal.lines, [usd(0), usd(700)]);
}

#[test]
fn each_unmet_condition_has_its_reason() {
    let with = |change: &dyn Fn(&mut Promotion)| {
        let mut changed = promotion(1, percent(1000));
        change(&mut changed);
        changed.unmet(&basket(Currency::USD, &[(1_000, 1)]), now())
    };
    let end = |text| Period::end(text).unwrap();
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|p| p.archived = true), Some(Reason::Unknown));
    assert_eq!(with(&|p| p.terms.is_active = false), Some(Reason::Unknown));
    assert_eq!(
        with(&|p| p.terms.period = Period::new(end("2026-07-01"), end("2026-08-01")).unwrap()),
        Some(Reason::NotStarted)
    );
    assert_eq!(
        with(&|p| p.terms.period = Period::new(end("2026-01-01"), end("2026-05-31")).unwrap()),
        Some(Reason::Expired)
    );
    let dong = Money::from_minor(1, "VND".parse().unwrap());
    assert_eq!(with(&|p| p.terms.max_discount = Some(dong)), Some(Reason::OtherCurrency));
    assert_eq!(
        with(&|p| p.terms.conditions.categories = vec!["Garden".parse().unwrap()]),
        Some(Reason::NotForTheseProducts)
    );
    assert_eq!(with(&|p| p.terms.conditions.min_subtotal = Some(usd(1_000))), None);
    assert_eq!(with(&|p| p.terms.conditions.min_subtotal = Some(usd(1_001))), Some(Reason::MinimumNotMet));
    let group = Benefit::BuyXGetY(GroupSize::new(1, 1).unwrap(), Percent::ALL);
    assert_eq!(with(&|p| p.terms.benefit = group), Some(Reason::MinimumNotMet));
    assert_eq!(with(&|p| p.terms.conditions.first_order_only = true), Some(Reason::SignInRequired));
    assert_eq!(with(&|p| p.terms.conditions.per_customer_limit = Some(1)), Some(Reason::SignInRequired));
    assert_eq!(with(&|p| p.terms.conditions.usage_limit = Some(1)), None);
}

/// No, two and three decimals.
fn currency() -> impl Strategy<Value = Currency> {
    prop_oneof![Just("VND"), Just("USD"), Just("KWD")].prop_map(|code| code.parse().unwrap())
}

fn goods() -> impl Strategy<Value = Vec<(i64, u32)>> {
    // Little money, where rounding shows, and much.
    let price = prop_oneof![0_i64..30, 0_i64..10_000_000];
    prop::collection::vec((price, 1_u32..50), 1..8)
}

fn promotions(currency: Currency) -> impl Strategy<Value = Vec<Promotion>> {
    let percent = || (1_u16..=10_000).prop_map(|it| Percent::from_hundredths(it).unwrap());
    let benefit = prop_oneof![
        percent().prop_map(Benefit::Percentage),
        (1_i64..50_000_000).prop_map(move |minor| Benefit::Fixed(Money::from_minor(minor, currency))),
        Just(Benefit::FreeShipping),
        (1_u32..4, 1_u32..4, percent())
            .prop_map(|(buy, get, percent)| Benefit::BuyXGetY(GroupSize::new(buy, get).unwrap(), percent)),
    ];
    let one =
        (benefit, any::<bool>(), -3_i32..3, prop::option::of(1_i64..1_000_000), 0_usize..4, any::<bool>());
    prop::collection::vec(one, 0..7).prop_map(move |all| {
        type Drawn = (Benefit, bool, i32, Option<i64>, usize, bool);
        let make = |(id, (benefit, stackable, priority, cap, category, coded)): (u64, Drawn)| {
            let mut promotion: Promotion = promotion(id, benefit);
            promotion.terms.stackable = stackable;
            promotion.terms.priority = priority;
            promotion.terms.max_discount = cap.map(|minor| Money::from_minor(minor, currency));
            let category = ["Books", "Laptops", "Audio"].get(category);
            promotion.terms.conditions.categories = category.iter().map(|it| it.parse().unwrap()).collect();
            promotion.terms.code = (coded && id == 1).then(|| "CODE".parse().unwrap());
            promotion
        };
        (1..).zip(all).map(make).collect()
    })
}

fn case() -> impl Strategy<Value = (Basket, Vec<Promotion>)> {
    currency().prop_flat_map(|currency| {
        (goods(), promotions(currency), any::<bool>()).prop_map(move |(goods, promotions, asks)| {
            let mut basket = basket(currency, &goods);
            basket.code = asks.then(|| "CODE".parse().unwrap());
            (basket, promotions)
        })
    })
}

proptest! {
    #[test]
    fn discounts_add_up_and_no_line_ever_costs_less_than_nothing((basket, all) in case()) {
        let deal = choose(&basket, &all.iter().collect::<Vec<_>>());
        let of_lines: i64 = deal.lines.iter().map(|money| money.minor()).sum();
        let of_promotions: i64 = deal.applied.iter().map(|applied| applied.discount.minor()).sum();
        prop_assert_eq!(of_lines, deal.discount.minor());
        prop_assert_eq!(of_promotions, deal.discount.minor());
        prop_assert!(deal.discount.minor() <= basket.subtotal().minor());
        for (line, off) in basket.lines().iter().zip(&deal.lines) {
            prop_assert!((0..=line.price.minor() * i64::from(line.quantity)).contains(&off.minor()));
        }
        for applied in &deal.applied {
            let promotion = all.iter().find(|promotion| promotion.id == applied.promotion_id).unwrap();
            prop_assert!(promotion.terms.max_discount.is_none_or(|cap| applied.discount.minor() <= cap.minor()));
            prop_assert!(applied.discount.is_positive() || promotion.terms.benefit.is_free_shipping());
        }
    }

    /// Every set of candidates is tried: none that is allowed is better than what was chosen.
    #[test]
    fn no_allowed_combination_is_better((basket, all) in case()) {
        let chosen = choose(&basket, &all.iter().collect::<Vec<_>>());
        let stackable = all.iter().filter(|promotion| promotion.terms.stackable).count();
        for mask in 0_u32..1 << all.len() {
            let mut set: Vec<_> =
                all.iter().enumerate().filter(|(index, _)| mask >> index & 1 == 1).map(|(_, it)| it).collect();
            let whole_stack = set.len() == stackable && set.iter().all(|promotion| promotion.terms.stackable);
            if !(whole_stack || set.len() == 1 && !set[0].terms.stackable) {
                continue;
            }
            set.sort_by_key(|promotion| (Reverse(promotion.terms.priority), promotion.id));
            let mut left: Vec<i64> = basket.costs().to_vec();
            for promotion in &set {
                let off = promotion.off(&basket, &left);
                left.iter_mut().zip(off).for_each(|(left, off)| *left -= off);
            }
            let discount = basket.subtotal().minor() - left.iter().sum::<i64>();
            let frees = set.iter().any(|promotion| promotion.terms.benefit.is_free_shipping());
            prop_assert!((discount, frees) <= (chosen.discount.minor(), chosen.free_shipping));
            let asked = set.iter().any(|promotion| promotion.terms.code.is_some() && basket.code.is_some());
            let equal = (discount, frees) == (chosen.discount.minor(), chosen.free_shipping);
            if asked && equal && set.len() == 1 && (discount > 0 || frees) {
                prop_assert!(chosen.honours(basket.code.as_ref().unwrap()));
            }
        }
    }

    #[test]
    fn the_order_of_the_candidates_changes_nothing((basket, all) in case()) {
        let forwards = choose(&basket, &all.iter().collect::<Vec<_>>());
        let backwards = choose(&basket, &all.iter().rev().collect::<Vec<_>>());
        prop_assert_eq!(forwards, backwards);
    }
}
