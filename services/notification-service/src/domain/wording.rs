//! What people read.

use chrono::{DateTime, Utc};
use config::money::Money;

/// A parcel that has moved along.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    pub order: u64,
    /// The event's.
    pub status: &'a str,
    /// Where it was before, as far as is known.
    pub previous: Option<&'a str>,
    /// Whether the shopper fetches it, so that no carrier brings it.
    pub collected: bool,
    /// What is paid when it is handed over.
    pub cash_due: Option<Money>,
}

/// A headline and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub title: String,
    pub message: String,
}

impl Wording {
    fn new(title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { title: title.into(), message: message.into() }
    }

    pub fn order_created(order: u64, total: Money) -> Self {
        let total = grouped(total);
        Self::new(
            format!("Order {order} received"),
            format!("Thank you for your order. Its total is {total}."),
        )
    }

    pub fn order_paid(order: u64, paid: Money) -> Self {
        let paid = grouped(paid);
        Self::new(
            format!("Order {order} is paid"),
            format!("We have received {paid}. We are preparing your order."),
        )
    }

    /// The promise of its payment is void; it is cancelled at `until`, unless paid.
    pub fn order_payment_lapsed(order: u64, total: Money, until: Option<DateTime<Utc>>) -> Self {
        let total = grouped(total);
        let by = until.map(|until| format!(" by {}", moment(until))).unwrap_or_default();
        let message = format!(
            "The payment that you had arranged does not hold any longer. \
             Please pay {total} again{by}, or your order is cancelled."
        );
        Self::new(format!("Order {order} needs another payment"), message)
    }

    /// `reason` is the event's. `refund_due`: whether there is money that goes back.
    pub fn order_cancelled(order: u64, reason: &str, refund_due: bool) -> Self {
        let why = match reason {
            "customer" => "As you asked, we have cancelled your order.",
            "expired" => "We have cancelled your order, for it was not paid in time.",
            "payment_failed" => "We have cancelled your order, for its payment failed.",
            _ => "We have cancelled your order.",
        };
        let refund = if refund_due { " What you paid comes back to you." } else { "" };
        Self::new(format!("Order {order} is cancelled"), format!("{why}{refund}"))
    }

    /// `code` is the provider's, for programs; only those that help the payer are put into words.
    pub fn payment_failed(order: u64, amount: Money, code: &str) -> Self {
        let why = match code {
            "insufficient_funds" => " There was not enough money on the account.",
            "expired_card" => " The card has expired.",
            "incorrect_cvc" => " The card's security code was not right.",
            _ => "",
        };
        let amount = grouped(amount);
        let message = format!(
            "Your payment of {amount} did not go through.{why} Please try again, or pay another way."
        );
        Self::new(format!("Payment for order {order} failed"), message)
    }

    pub fn payment_refunded(order: u64, amount: Money, fully: bool) -> Self {
        let all = if fully { " That is all you paid." } else { "" };
        let amount = grouped(amount);
        let message = format!("We have sent {amount} back to you.{all} It may take your bank a few days.");
        Self::new(format!("Refund for order {order}"), message)
    }

    /// `collected`: whether the shopper fetches it.
    pub fn shipment_created(order: u64, collected: bool) -> Self {
        let soon = if collected { "can be picked up soon" } else { "will be on its way soon" };
        Self::new(format!("Order {order} {soon}"), "We are packing your order.")
    }

    /// `None` for what only the warehouse cares about, and for a scan on the way.
    pub fn shipment_updated(parcel: &Parcel<'_>) -> Option<Self> {
        let Parcel { order, status, previous, collected, cash_due } = *parcel;
        if previous == Some(status) {
            return None;
        }
        let was_handed_over = previous == Some("delivered");
        let (title, message) = match status {
            "packed" if collected => ("is ready to be picked up", "Your order is packed and waits for you."),
            "delivered" if collected => ("was picked up", "You have your order. Enjoy!"),
            "returned" if collected && was_handed_over => {
                ("is back with us", "Your order has come back to us.")
            }
            "returned" if collected => {
                ("was not picked up", "Nobody has picked up your order, and it waits no longer.")
            }
            // Carriers' words, and no carrier has it.
            _ if collected => return None,
            "in_transit" => ("is on its way", "The carrier has your parcel."),
            "out_for_delivery" => ("arrives today", "Your parcel is out for delivery."),
            "failed" => {
                ("could not be delivered", "The carrier could not hand over your parcel and will try again.")
            }
            "returned" if was_handed_over => ("is on its way back", "Your parcel returns to us."),
            "returned" => ("is on its way back", "Your parcel could not be delivered and returns to us."),
            "delivered" => ("has arrived", "Your parcel has been delivered. Enjoy!"),
            _ => return None,
        };
        let still_to_come = matches!(status, "packed" | "in_transit" | "out_for_delivery");
        let cash = cash_due.filter(|cash| still_to_come && cash.is_positive());
        let cash = cash.map(|cash| format!(" Please have {} ready.", grouped(cash))).unwrap_or_default();
        Some(Self::new(format!("Order {order} {title}"), format!("{message}{cash}")))
    }

    pub fn welcome() -> Self {
        Self::new("Welcome!", "Your account is ready. It is good to have you with us.")
    }

    pub fn email_verification() -> Self {
        Self::new("Confirm your e-mail address", "Please confirm that this address is yours.")
    }

    pub fn password_reset() -> Self {
        let message = "Somebody, hopefully you, asked to set a new password for your account. \
                       If it was not you, there is nothing to do: your password stays as it is.";
        Self::new("Set a new password", message)
    }

    pub fn password_changed() -> Self {
        let message = "The password of your account was changed, and the webhooks that it had were deleted. \
                       If it was not you, set a new password at once.";
        Self::new("Your password was changed", message)
    }

    /// Without its URL, which whoever added it wrote. `shop`: whether it hears of everybody.
    pub fn webhook_added(shop: bool) -> Self {
        let whose = if shop { "everybody's notifications" } else { "your notifications" };
        let message = format!(
            "From now on {whose} are posted to another address on the internet, too. \
             If it was not you, delete this webhook and set a new password at once."
        );
        Self::new("A webhook was added", message)
    }

    /// For whoever reads the old address, so without the new one.
    pub fn email_changed() -> Self {
        let message = "The e-mail address of your account was changed, and the old one does not open it any more. \
                       If it was not you, please tell us at once.";
        Self::new("Your e-mail address was changed", message)
    }

    pub fn low_stock(product: &str, available: u32, threshold: u32) -> Self {
        let message =
            format!("{available} units of product {product} are left; it counts as low from {threshold} on.");
        Self::new("A product is running low", message)
    }

    pub fn return_requested(order: u64, back: u64, refund: Money) -> Self {
        let message = format!("Return {back} is worth {}. Please approve or reject it.", grouped(refund));
        Self::new(format!("A return of order {order} was asked for"), message)
    }

    pub fn return_approved(order: u64, refund: Money) -> Self {
        let message =
            format!("Please send the goods to us. When they are here, you get {} back.", grouped(refund));
        Self::new(format!("Your return of order {order} is approved"), message)
    }

    pub fn return_rejected(order: u64, why: Option<&str>) -> Self {
        let message = match why {
            Some(why) => format!("We can't take the goods back: {why}"),
            None => "We can't take the goods back.".to_owned(),
        };
        Self::new(format!("Your return of order {order} is not accepted"), message)
    }

    /// `disputed` is what of it a bank has, and may give to the customer.
    pub fn return_refund_short(order: u64, back: u64, missing: Money, disputed: Option<Money>) -> Self {
        let missing = grouped(missing);
        let todo = match disputed.filter(|disputed| disputed.is_positive()) {
            Some(disputed) => format!(
                "{} of it is in an open dispute: please wait for the bank's decision before you pay anything \
                 by hand.",
                grouped(disputed)
            ),
            None => "Please refund it by hand.".to_owned(),
        };
        let message =
            format!("No payment of the order has {missing} left to give back for its return {back}. {todo}");
        Self::new(format!("A refund for order {order} could not be made"), message)
    }

    /// The order has ended, and none of its payments can give this back.
    pub fn refund_by_hand_due(order: u64, amount: Money) -> Self {
        let amount = grouped(amount);
        let message = format!(
            "{amount} that the customer has paid can be given back by no payment. Please pay it back by hand, \
             and record that with POST /api/orders/{order}/refunds."
        );
        Self::new(format!("Money of order {order} is to be paid back by hand"), message)
    }

    pub fn shipment_beyond_recall(order: u64) -> Self {
        let message = "Its parcel had left before the order ended, and its goods are with the carrier. Please have it \
                       brought back, and note when it is here again.";
        Self::new(format!("The parcel of order {order} can't be called back"), message)
    }

    /// `undone`: the shopper was told that it is back.
    pub fn refund_failed(order: u64, payment: u64, amount: Money, undone: bool) -> Self {
        let amount = grouped(amount);
        let message = match undone {
            true => format!(
                "{amount} of payment {payment} came back: the customer's bank did not take it, though the shopper \
                 was told that it is back. Please find another way."
            ),
            false => format!(
                "The payment provider refused to give {amount} of payment {payment} back. Please find another way."
            ),
        };
        Self::new(format!("A refund for order {order} did not get through"), message)
    }

    /// `status` is the event's; `None` when there is nothing to tell. `until` is when evidence must be there.
    pub fn dispute(
        order: u64,
        dispute: u64,
        amount: Money,
        status: &str,
        until: Option<DateTime<Utc>>,
    ) -> Option<Self> {
        let amount = grouped(amount);
        let by = until.map(|until| format!(" by {}", moment(until))).unwrap_or_default();
        let (title, message) = match status {
            "opened" => (
                "has been taken back",
                format!("The customer's bank has taken back {amount}. Dispute {dispute} is open."),
            ),
            "evidence_due" => (
                "is disputed: evidence is due",
                format!("Please say{by} why {amount} are yours, as the evidence of dispute {dispute}."),
            ),
            "won" => ("is yours again", format!("Dispute {dispute} is won: {amount} came back.")),
            "lost" => ("is lost", format!("Dispute {dispute} is lost: {amount} stay with the customer.")),
            _ => return None,
        };
        Some(Self::new(format!("Money of order {order} {title}"), message))
    }

    pub fn wish_price_dropped(product: &str, old: Money, new: Money) -> Self {
        let (old, new) = (grouped(old), grouped(new));
        Self::new(
            headline(product, "costs less now"),
            format!("You wished for {product}. It costs {new} now, down from {old}."),
        )
    }

    pub fn wish_back_in_stock(product: &str, available: u64) -> Self {
        // A small number is worth knowing; a large one is the shop's own business.
        let hurry = match available {
            1 => " Only one is there.".to_owned(),
            2..=5 => format!(" Only {available} are there."),
            _ => String::new(),
        };
        Self::new(
            headline(product, "is back in stock"),
            format!("You wished for {product}. It can be ordered again.{hurry}"),
        )
    }
}

/// A product's name with what is said of it, the name cut short where it is long.
fn headline(product: &str, news: &str) -> String {
    const MOST: usize = 60;
    match product.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}… {news}", product[..end].trim_end()),
        None => format!("{product} {news}"),
    }
}

/// `1 December 2026, 12:00 UTC`
fn moment(time: DateTime<Utc>) -> String {
    time.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// `1,234,567.50 USD`, `29,990,000 VND`: with as many decimals as the currency has.
pub fn grouped(money: Money) -> String {
    let text = money.to_string();
    let (number, currency) = text.split_once(' ').unwrap_or((&text, ""));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction} {currency}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_its_currency_is_written() {
        let show = |minor, code: &str| grouped(Money::from_minor(minor, code.parse().unwrap()));
        assert_eq!(show(123_456_750, "USD"), "1,234,567.50 USD");
        assert_eq!(show(300_000, "USD"), "3,000.00 USD");
        assert_eq!(show(29_990_000, "VND"), "29,990,000 VND");
        assert_eq!(show(1_234_567, "KWD"), "1,234.567 KWD");
        assert_eq!(show(-99_999, "EUR"), "-999.99 EUR");
        assert_eq!(show(5, "USD"), "0.05 USD");
    }

    #[test]
    fn a_wish_is_told_by_its_name_and_a_long_name_is_cut_in_the_headline() {
        let usd = |minor| Money::from_minor(minor, "USD".parse().unwrap());
        let told = Wording::wish_price_dropped("Phin cà phê inox", usd(650), usd(500));
        assert_eq!(told.title, "Phin cà phê inox costs less now");
        assert_eq!(
            told.message,
            "You wished for Phin cà phê inox. It costs 5.00 USD now, down from 6.50 USD."
        );
        let long = Wording::wish_back_in_stock(&"ế".repeat(300), 3);
        assert_eq!(long.title, format!("{}… is back in stock", "ế".repeat(60)));
        assert!(long.message.ends_with("It can be ordered again. Only 3 are there."));
        assert!(Wording::wish_back_in_stock("Phin", 9).message.ends_with("again."));
    }

    fn parcel<'a>(previous: &'a str, status: &'a str) -> Parcel<'a> {
        Parcel { order: 7, status, previous: Some(previous), collected: false, cash_due: None }
    }

    fn title(parcel: &Parcel<'_>) -> Option<String> {
        Wording::shipment_updated(parcel).map(|wording| wording.title)
    }

    fn message(parcel: &Parcel<'_>) -> String {
        Wording::shipment_updated(parcel).unwrap().message
    }

    #[test]
    fn the_warehouses_steps_and_scans_on_the_way_are_not_told() {
        for (previous, status) in
            [("picked", "packed"), ("in_transit", "in_transit"), ("packed", "cancelled"), ("packed", "lost")]
        {
            assert_eq!(title(&parcel(previous, status)), None, "{previous} {status}");
        }
        assert_eq!(title(&parcel("packed", "in_transit")).unwrap(), "Order 7 is on its way");
        let of_old = Parcel { previous: None, ..parcel("", "in_transit") };
        assert_eq!(title(&of_old).unwrap(), "Order 7 is on its way");
    }

    #[test]
    fn what_was_delivered_and_returns_was_not_undeliverable() {
        assert_eq!(
            message(&parcel("failed", "returned")),
            "Your parcel could not be delivered and returns to us."
        );
        assert_eq!(message(&parcel("delivered", "returned")), "Your parcel returns to us.");
    }

    #[test]
    fn what_is_picked_up_has_no_carrier() {
        let fetched = |previous, status| title(&Parcel { collected: true, ..parcel(previous, status) });
        assert_eq!(fetched("picked", "packed").unwrap(), "Order 7 is ready to be picked up");
        assert_eq!(fetched("packed", "delivered").unwrap(), "Order 7 was picked up");
        assert_eq!(fetched("packed", "returned").unwrap(), "Order 7 was not picked up");
        assert_eq!(fetched("delivered", "returned").unwrap(), "Order 7 is back with us");
        for status in ["in_transit", "out_for_delivery", "failed"] {
            assert_eq!(fetched("packed", status), None, "{status}");
        }
        assert_eq!(Wording::shipment_created(7, true).title, "Order 7 can be picked up soon");
    }

    #[test]
    fn cash_is_to_be_ready_until_the_parcel_is_there() {
        let cash_due = Some(Money::from_minor(3_050, "USD".parse().unwrap()));
        for status in ["in_transit", "out_for_delivery"] {
            let told = message(&Parcel { cash_due, ..parcel("", status) });
            assert!(told.ends_with(" Please have 30.50 USD ready."), "{told}");
        }
        let fetched = message(&Parcel { collected: true, cash_due, ..parcel("picked", "packed") });
        assert_eq!(fetched, "Your order is packed and waits for you. Please have 30.50 USD ready.");
        assert_eq!(
            message(&Parcel { cash_due, ..parcel("", "delivered") }),
            "Your parcel has been delivered. Enjoy!"
        );
        let nothing = Some(Money::zero("USD".parse().unwrap()));
        assert_eq!(
            message(&Parcel { cash_due: nothing, ..parcel("", "in_transit") }),
            "The carrier has your parcel."
        );
    }

    #[test]
    fn while_a_bank_decides_nothing_is_paid_by_hand() {
        let usd = |minor| Money::from_minor(minor, "USD".parse().unwrap());
        let short = |disputed| Wording::return_refund_short(7, 4, usd(1_080), disputed).message;
        assert!(short(None).ends_with("return 4. Please refund it by hand."), "{}", short(None));
        assert_eq!(short(Some(usd(0))), short(None));
        let waiting = short(Some(usd(500)));
        assert!(waiting.contains("5.00 USD of it is in an open dispute: please wait"), "{waiting}");
        assert!(!waiting.contains("refund it by hand"), "{waiting}");
    }
}
