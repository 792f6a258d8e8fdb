//! Baskets whose taxes are known, and random ones whose taxes must add up.

use proptest::prelude::*;

use super::*;
use crate::domain::rate::tests::{day, terms};
use crate::domain::{Mode, Rate, RateId, RateTerms};

fn book(rates: Vec<RateTerms>) -> RateBook {
    let at = chrono::DateTime::UNIX_EPOCH;
    let rate = |(id, terms): (usize, RateTerms)| Rate {
        id: RateId::new(id as u64 + 1),
        terms,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    RateBook::new(1, rates.into_iter().enumerate().map(rate).collect(), Vec::new())
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn basket(code: &str, includes_tax: bool, lines: &[(&str, i64)], shipping: i64) -> Basket {
    let currency = currency(code);
    let line = |(product_type, minor): &(&str, i64)| BasketLine {
        product_type: Some(product_type.parse().unwrap()),
        amount: Money::from_minor(*minor, currency),
    };
    let shipping = Money::from_minor(shipping, currency);
    Basket { currency, includes_tax, lines: lines.iter().map(line).collect(), shipping }
}

fn taxation<'a>(book: &'a RateBook, place: &'a Place, rounding: Rounding) -> Taxation<'a> {
    Taxation { book, place: Some(place), day: day(5), exempt: false, rounding }
}

fn minor(sum: Sum) -> (i64, i64, i64) {
    (sum.net.minor(), sum.tax.minor(), sum.gross.minor())
}

const BY_ORDER: Rounding = Rounding { per: Per::Order, mode: Mode::HalfUp };

#[test]
fn californias_sales_tax_is_on_goods_and_not_on_sending() {
    let book = book(vec![terms("US-CA", "California sales tax", "7.25")]);
    let place = terms("US-CA", "x", "0").place;
    let assessed = taxation(&book, &place, Rounding::default())
        .assess(&basket("USD", false, &[("Laptops", 285_000)], 1_250))
        .unwrap();
    assert_eq!(minor(assessed.total), (286_250, 20_663, 306_913));
    assert_eq!(minor(assessed.lines[0].sum), (285_000, 20_663, 305_663));
    assert_eq!(minor(assessed.shipping.sum), (1_250, 0, 1_250));
    let [line] = assessed.tax_lines.as_slice() else { panic!("{:?}", assessed.tax_lines) };
    assert_eq!((line.name.as_str(), line.jurisdiction.as_str()), ("California sales tax", "US-CA"));
    assert_eq!((line.taxable.minor(), line.tax.minor()), (285_000, 20_663));
}

#[test]
fn a_gross_price_is_taken_apart_exactly() {
    let vat = RateTerms { applies_to_shipping: true, ..terms("DE", "VAT", "19") };
    let books = RateTerms { product_type: Some("Books".parse().unwrap()), ..terms("DE", "VAT", "7") };
    let (book, place) = (book(vec![vat, books]), terms("DE", "x", "0").place);
    let assessed = taxation(&book, &place, Rounding::default())
        .assess(&basket("EUR", true, &[("Laptops", 11_900), ("Books", 1_999)], 499))
        .unwrap();
    assert_eq!(minor(assessed.lines[0].sum), (10_000, 1_900, 11_900));
    assert_eq!(minor(assessed.lines[1].sum), (1_868, 131, 1_999));
    assert_eq!(minor(assessed.shipping.sum), (419, 80, 499));
    let taxes: Vec<_> =
        assessed.tax_lines.iter().map(|l| (l.percent.number(), l.taxable.minor(), l.tax.minor())).collect();
    assert_eq!(taxes, [(19.into(), 10_419, 1_980), (7.into(), 1_868, 131)]);
}

#[test]
fn a_compound_taxs_base_is_shown_with_the_taxes_below_it() {
    let gst = terms("CA", "GST", "5");
    let pst = RateTerms { priority: 1, compound: true, ..terms("CA-QC", "PST", "10") };
    let (book, place) = (book(vec![gst, pst]), terms("CA-QC", "x", "0").place);
    let assess = |includes_tax, minor| {
        taxation(&book, &place, Rounding::default())
            .assess(&basket("CAD", includes_tax, &[("Phones", minor)], 0))
            .unwrap()
    };
    for assessed in [assess(false, 10_000), assess(true, 11_550)] {
        assert_eq!(minor(assessed.total), (10_000, 1_550, 11_550));
        let taxes: Vec<_> = assessed.tax_lines.iter().map(|l| (l.taxable.minor(), l.tax.minor())).collect();
        assert_eq!(taxes, [(10_000, 500), (10_500, 1_050)]);
        assert_eq!(assessed.lines[0].percent.to_string(), "15.5");
    }
}

#[test]
fn an_order_is_rounded_once_and_its_cents_shared_out() {
    let (book, place) = (book(vec![terms("US-CA", "Tax", "7.25")]), terms("US-CA", "x", "0").place);
    // Each line's tax is 0.3625 cents, the order's 1.45.
    let order = basket("USD", false, &[("A", 5), ("A", 5), ("A", 5), ("A", 5)], 0);
    let taxes = |rounding| {
        let assessed = taxation(&book, &place, rounding).assess(&order).unwrap();
        assessed.lines.iter().map(|line| line.sum.tax.minor()).collect::<Vec<_>>()
    };
    assert_eq!(taxes(Rounding::default()), [0, 0, 0, 0]);
    assert_eq!(taxes(BY_ORDER), [1, 0, 0, 0]);
}

#[test]
fn the_mode_decides_about_halves() {
    let (book, place) = (book(vec![terms("DE", "VAT", "10")]), terms("DE", "x", "0").place);
    let tax = |mode, per, minor| {
        let assessed =
            taxation(&book, &place, Rounding { per, mode }).assess(&basket("EUR", false, &[("A", minor)], 0));
        assessed.unwrap().total.tax.minor()
    };
    for per in [Per::Line, Per::Order] {
        assert_eq!((tax(Mode::HalfUp, per, 25), tax(Mode::HalfEven, per, 25)), (3, 2));
        assert_eq!((tax(Mode::HalfUp, per, 35), tax(Mode::HalfEven, per, 35)), (4, 4));
    }
}

#[test]
fn the_exempt_pay_no_tax_and_no_other_price() {
    let vat = RateTerms { applies_to_shipping: true, ..terms("DE", "VAT", "19") };
    let (book, place) = (book(vec![vat]), terms("DE", "x", "0").place);
    let exempt = Taxation { exempt: true, ..taxation(&book, &place, Rounding::default()) };
    let assessed = exempt.assess(&basket("EUR", true, &[("A", 11_900)], 1_190)).unwrap();
    assert_eq!(minor(assessed.total), (13_090, 0, 13_090));
    let assessed = exempt.assess(&basket("EUR", false, &[("A", 10_000)], 1_000)).unwrap();
    assert_eq!(minor(assessed.total), (11_000, 0, 11_000));
    assert!(assessed.tax_lines.is_empty());
}

#[test]
fn nowhere_and_nothing_have_no_tax() {
    let book = book(vec![terms("DE", "VAT", "19")]);
    let place = terms("FR", "x", "0").place;
    let nowhere = Taxation { place: None, ..taxation(&book, &place, Rounding::default()) };
    for (taxation, includes_tax) in [(nowhere, true), (taxation(&book, &place, BY_ORDER), false)] {
        let assessed = taxation.assess(&basket("EUR", includes_tax, &[("A", 11_900)], 5)).unwrap();
        assert_eq!(minor(assessed.total), (11_905, 0, 11_905));
    }
    let empty = taxation(&book, &place, BY_ORDER).assess(&basket("EUR", false, &[], 0)).unwrap();
    assert_eq!(minor(empty.total), (0, 0, 0));
}

#[test]
fn what_money_cant_be_is_refused() {
    let (book, place) = (book(vec![terms("DE", "VAT", "100")]), terms("DE", "x", "0").place);
    let most = 1_000_000_000_000_000;
    for lines in [&[("A", most)][..], &[("A", most), ("A", 1)], &[("A", i64::MAX), ("A", i64::MAX)]] {
        let assessed = taxation(&book, &place, BY_ORDER).assess(&basket("EUR", false, lines, 0));
        assert_eq!(assessed, Err(MoneyError::TooLarge), "{lines:?}");
    }
}

fn any_rate() -> impl Strategy<Value = RateTerms> {
    let place = prop::sample::select(vec!["DE", "DE-BY"]);
    let name = prop::sample::select(vec!["VAT", "Levy", "Surtax", "Deposit"]);
    let product_type = prop::option::weighted(0.4, prop::sample::select(vec!["A", "B"]));
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (place, name, product_type, 0u32..=400_000, 0u8..4, flags).prop_map(
        |(
            place,
            name,
            product_type,
            millionths,
            priority,
            (compound, applies_to_shipping, replaces_country),
        )| RateTerms {
            product_type: product_type.map(|text| text.parse().unwrap()),
            percent: Percent::from_millionths(millionths).unwrap(),
            priority,
            compound,
            applies_to_shipping,
            replaces_country,
            ..terms(place, name, "0")
        },
    )
}

fn any_basket() -> impl Strategy<Value = Basket> {
    let lines = prop::collection::vec((prop::sample::select(vec!["A", "B", "C"]), 0i64..100_000_000), 0..8);
    let code = prop::sample::select(vec!["JPY", "EUR", "KWD"]);
    (code, any::<bool>(), lines, 0i64..10_000)
        .prop_map(|(code, includes_tax, lines, shipping)| basket(code, includes_tax, &lines, shipping))
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    let per = prop::sample::select(vec![Per::Line, Per::Order]);
    (per, prop::sample::select(vec![Mode::HalfUp, Mode::HalfEven]))
        .prop_map(|(per, mode)| Rounding { per, mode })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn everything_adds_up(
        rates in prop::collection::vec(any_rate(), 0..8),
        basket in any_basket(),
        rounding in any_rounding(),
        exempt in prop::bool::weighted(0.1),
    ) {
        let (book, place) = (book(rates), terms("DE-BY", "x", "0").place);
        let assessed = Taxation { exempt, ..taxation(&book, &place, rounding) }.assess(&basket).unwrap();
        let all: Vec<Sum> = assessed.lines.iter().chain([&assessed.shipping]).map(|line| line.sum).collect();
        prop_assert_eq!(assessed.lines.len(), basket.lines.len());
        for sum in all.iter().chain([&assessed.total]) {
            let (net, tax, gross) = minor(*sum);
            prop_assert_eq!(net + tax, gross);
            prop_assert!(net >= 0 && tax >= 0, "{:?}", sum);
        }
        let total = minor(assessed.total);
        let of = |part: fn((i64, i64, i64)) -> i64| all.iter().map(|sum| part(minor(*sum))).sum::<i64>();
        prop_assert_eq!((of(|s| s.0), of(|s| s.1), of(|s| s.2)), total);
        prop_assert_eq!(assessed.tax_lines.iter().map(|line| line.tax.minor()).sum::<i64>(), total.1);
        prop_assert!(assessed.tax_lines.iter().all(|line| line.tax.minor() >= 0));
        let amounts = basket.lines.iter().map(|line| line.amount).chain([basket.shipping]);
        for (sum, amount) in all.iter().zip(amounts) {
            let kept = if basket.includes_tax { sum.gross } else { sum.net };
            prop_assert_eq!(kept, amount);
        }
    }

    #[test]
    fn no_line_is_a_minor_unit_off_its_exact_tax(
        rates in prop::collection::vec(any_rate(), 0..6),
        basket in any_basket(),
        rounding in any_rounding(),
    ) {
        let (book, place) = (book(rates), terms("DE-BY", "x", "0").place);
        let assessed = taxation(&book, &place, rounding).assess(&basket).unwrap();
        for (line, of) in assessed.lines.iter().zip(&basket.lines) {
            let factor = line.percent / Decimal::ONE_HUNDRED;
            let amount = Decimal::from(of.amount.minor());
            let exact = if basket.includes_tax { amount - amount / (Decimal::ONE + factor) } else { amount * factor };
            let off = (Decimal::from(line.sum.tax.minor()) - exact).abs();
            prop_assert!(off < Decimal::ONE, "{off}");
            if rounding.per == Per::Line {
                prop_assert!(off <= Decimal::new(5_000_001, 7), "{off}");
            }
        }
    }

    #[test]
    fn a_gross_taken_apart_again_is_within_a_minor_unit_a_line(
        rates in prop::collection::vec(any_rate(), 0..6),
        basket in any_basket(),
        rounding in any_rounding(),
    ) {
        let (book, place) = (book(rates), terms("DE-BY", "x", "0").place);
        let assess = |basket: &Basket| taxation(&book, &place, rounding).assess(basket).unwrap();
        let net = Basket { includes_tax: false, ..basket };
        let there = assess(&net);
        let gross = |line: &AssessedLine| line.sum.gross;
        let lines = net.lines.iter().zip(&there.lines);
        let lines = lines.map(|(line, assessed)| BasketLine { amount: gross(assessed), ..line.clone() }).collect();
        let back = assess(&Basket { includes_tax: true, lines, shipping: gross(&there.shipping), ..net });
        for (back, there) in back.lines.iter().zip(&there.lines) {
            let off = (back.sum.net.minor() - there.sum.net.minor()).abs();
            let most = match rounding.per { Per::Line => 1, Per::Order => 2 };
            prop_assert!(off <= most, "{off}: {there:?} became {back:?}");
            prop_assert_eq!(back.sum.gross, there.sum.gross);
        }
    }
}
