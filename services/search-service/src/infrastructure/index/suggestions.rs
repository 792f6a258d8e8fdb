//! Completions of what is being typed.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::snapshot::Snapshot;
use crate::application::{Completion, CompletionKind};
use crate::domain::{folded, words};

/// Words of a text at which a completion may begin.
const STARTS: usize = 8;
/// Entries that are looked at for one prefix.
const LOOKED_AT: usize = 400;

/// Everything that can be suggested, by what it is typed like.
pub struct Suggestions {
    texts: Vec<Suggestion>,
    /// Texts by every beginning of a word in them, in order.
    starts: Vec<(u32, u16)>,
}

struct Suggestion {
    /// Its words, folded, with one blank between them.
    typed: String,
    completion: Completion,
    weight: Weight,
}

/// The larger, the earlier.
enum Weight {
    Fixed(u64),
    /// How many ratings the product in this slot has, which changes while the texts stay.
    Ratings(u32),
}

impl Suggestions {
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut texts = Vec::new();
        let mut counted: HashMap<(bool, String), (String, u64)> = HashMap::new();
        for (product, slot) in snapshot.products.iter().zip(0u32..) {
            let Some(product) = product else { continue };
            let details = &product.details;
            let kind = CompletionKind::Product(product.id.clone());
            texts.push(suggestion(&details.name, kind, Weight::Ratings(slot)));
            let mut count = |is_category, name: &str| {
                let key = (is_category, folded(name).into_owned());
                let counted = counted.entry(key).or_insert_with(|| (name.to_owned(), 0));
                // Of two spellings it is always the same one that is shown.
                if name < counted.0.as_str() {
                    name.clone_into(&mut counted.0);
                }
                counted.1 += 1;
            };
            count(true, &details.category);
            if let Some(brand) = product.brand() {
                count(false, brand);
            }
        }
        for ((is_category, _), (name, products)) in counted {
            let kind = if is_category { CompletionKind::Category } else { CompletionKind::Brand };
            texts.push(suggestion(&name, kind, Weight::Fixed(products)));
        }
        let mut starts = Vec::with_capacity(texts.len() * 4);
        for (text, number) in texts.iter().zip(0u32..) {
            let inner = text.typed.match_indices(' ').map(|(blank, _)| blank + 1);
            let all = std::iter::once(0).chain(inner).take(STARTS);
            starts.extend(all.filter_map(|start| Some((number, u16::try_from(start).ok()?))));
        }
        let mut suggestions = Self { texts, starts: Vec::new() };
        starts.sort_unstable_by(|a, b| suggestions.typed(a).cmp(suggestions.typed(b)).then(a.cmp(b)));
        suggestions.starts = starts;
        suggestions
    }

    fn typed(&self, (text, start): &(u32, u16)) -> &str {
        &self.texts[*text as usize].typed[usize::from(*start)..]
    }

    /// The best completions; of equal texts one. `ratings` tells how many ratings the product in a slot has.
    pub fn complete(
        &self,
        prefix: &str,
        popular: &[String],
        limit: usize,
        ratings: impl Fn(u32) -> u64,
    ) -> Vec<Completion> {
        let typed = join(prefix);
        if typed.is_empty() {
            return Vec::new();
        }
        let popular: Vec<Suggestion> = popular
            .iter()
            .zip(0u64..)
            .map(|(text, rank)| suggestion(text, CompletionKind::Popular, Weight::Fixed(u64::MAX - rank)))
            .filter(|popular| popular.typed.starts_with(&typed))
            .collect();
        let from = self.starts.partition_point(|start| self.typed(start) < typed.as_str());
        let fitting = self.starts[from..].iter().take_while(|start| self.typed(start).starts_with(&typed));
        let fitting = fitting.take(LOOKED_AT).map(|(text, start)| (*start > 0, &self.texts[*text as usize]));
        let mut found: Vec<(bool, &Suggestion)> = popular.iter().map(|text| (false, text)).collect();
        found.extend(fitting);
        found.sort_by(|a, b| rank(a, &ratings).cmp(&rank(b, &ratings)));
        let mut seen = HashSet::new();
        let different = found.into_iter().filter(|(_, text)| seen.insert(text.typed.as_str()));
        different.take(limit).map(|(_, text)| text.completion.clone()).collect()
    }
}

/// What fits in the middle only comes last; then the kinds in their order; of one kind the weightiest first.
fn rank<'a>(
    (inner, text): &(bool, &'a Suggestion),
    ratings: impl Fn(u32) -> u64,
) -> (bool, u8, Reverse<u64>, &'a str) {
    let kind = match text.completion.kind {
        CompletionKind::Popular => 0,
        CompletionKind::Category => 1,
        CompletionKind::Brand => 2,
        CompletionKind::Product(_) => 3,
    };
    let weight = match text.weight {
        Weight::Fixed(weight) => weight,
        Weight::Ratings(slot) => ratings(slot),
    };
    (*inner, kind, Reverse(weight), &text.typed)
}

fn suggestion(text: &str, kind: CompletionKind, weight: Weight) -> Suggestion {
    Suggestion { typed: join(text), completion: Completion { text: text.to_owned(), kind }, weight }
}

fn join(text: &str) -> String {
    let mut typed = String::with_capacity(text.len());
    for word in words(text) {
        if !typed.is_empty() {
            typed.push(' ');
        }
        typed.push_str(&word.folded);
    }
    typed
}

#[cfg(test)]
mod tests {
    use config::id::ProductId;

    use super::*;

    fn suggestions(texts: &[(&str, CompletionKind)]) -> Suggestions {
        let texts: Vec<Suggestion> =
            texts.iter().map(|(text, kind)| suggestion(text, kind.clone(), Weight::Fixed(1))).collect();
        let mut all = Suggestions { texts, starts: Vec::new() };
        let mut starts = Vec::new();
        for (number, text) in all.texts.iter().enumerate() {
            starts.push((number as u32, 0));
            starts.extend(text.typed.match_indices(' ').map(|(at, _)| (number as u32, at as u16 + 1)));
        }
        starts.sort_unstable_by(|a, b| all.typed(a).cmp(all.typed(b)));
        all.starts = starts;
        all
    }

    #[test]
    fn what_begins_so_comes_before_what_goes_on_so() {
        let id: ProductId = "507f1f77bcf86cd799439011".parse().unwrap();
        let product = |name| (name, CompletionKind::Product(id.clone()));
        let all = suggestions(&[
            product("Phin cà phê inox"),
            product("Cà phê robusta"),
            ("Cà phê", CompletionKind::Category),
        ]);
        let texts = |prefix: &str, popular: &[&str]| -> Vec<String> {
            let popular: Vec<String> = popular.iter().map(|text| (*text).to_owned()).collect();
            all.complete(prefix, &popular, 10, |_| 0).into_iter().map(|it| it.text).collect()
        };
        assert_eq!(texts("ca ph", &[]), ["Cà phê", "Cà phê robusta", "Phin cà phê inox"]);
        assert_eq!(texts("CÀ", &["cà phê chồn", "tea"])[0], "cà phê chồn");
        assert!(texts(" ", &["x"]).is_empty() && texts("zzz", &[]).is_empty());
    }
}
