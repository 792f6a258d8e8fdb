//! How well each product answers a plan.

use tantivy::TantivyError;

use super::plan::{Leaf, Plan};
use super::snapshot::Snapshot;
use crate::domain::relevance::{OUT_OF_STOCK, bm25, enough, rarity};

/// The products that answer enough of a query.
pub struct Scored {
    pub slots: Vec<(u32, f32)>,
    /// Whether they answer all of it.
    pub complete: bool,
}

/// A leaf's products.
struct Read<'a> {
    leaf: &'a Leaf,
    /// For each term: how rare it is, and which products have it how often.
    terms: Vec<(f32, Vec<(u32, u32)>)>,
}

/// Every word is answered by the best of its leaves. Products that answer all words; when there is none, those
/// that answer the most of them, if that is enough.
pub fn score(snapshot: &Snapshot, plan: &Plan) -> Result<Scored, TantivyError> {
    let read = plan.leaves.iter().map(|leaf| read(snapshot, leaf)).collect::<Result<Vec<_>, _>>()?;
    let ceilings: Vec<f32> = (0..plan.words.len()).map(|at| ceiling(&read, at)).collect();
    let size = snapshot.rows.len();
    let (mut total, mut best, mut count) = (vec![0f32; size], vec![0f32; size], vec![0u8; size]);
    let (mut any, mut touched) = (Vec::new(), Vec::new());
    for at in 0..plan.words.len() {
        for read in read.iter().filter(|read| read.leaf.answers & (1 << at) != 0) {
            answers(snapshot, read, &ceilings, |slot, score| {
                let best = &mut best[slot as usize];
                if *best == 0.0 {
                    touched.push(slot);
                }
                *best = best.max(score);
            });
        }
        for slot in touched.drain(..) {
            let slot_at = slot as usize;
            if count[slot_at] == 0 {
                any.push(slot);
            }
            count[slot_at] += 1;
            total[slot_at] += std::mem::take(&mut best[slot_at]);
        }
    }
    let words = u32::try_from(plan.words.len()).unwrap_or(u32::MAX);
    let most = any.iter().map(|slot| u32::from(count[*slot as usize])).max().unwrap_or(0);
    let needed = if most == words { words } else { enough(words).max(1) };
    let kept = any.into_iter().filter(|slot| u32::from(count[*slot as usize]) >= needed);
    let slots = kept.map(|slot| {
        let available = if snapshot.rows[slot as usize].in_stock { 1.0 } else { OUT_OF_STOCK };
        (slot, total[slot as usize] * available)
    });
    Ok(Scored { slots: slots.collect(), complete: most == words && words > 0 })
}

fn read<'a>(snapshot: &Snapshot, leaf: &'a Leaf) -> Result<Read<'a>, TantivyError> {
    let mut terms = Vec::with_capacity(leaf.terms.len());
    for term in &leaf.terms {
        let found = read_term(snapshot, term)?;
        let containing = u32::try_from(found.len()).unwrap_or(u32::MAX);
        terms.push((rarity(containing, snapshot.live), found));
    }
    Ok(Read { leaf, terms })
}

/// The products with a term.
pub fn read_term(snapshot: &Snapshot, term: &str) -> Result<Vec<(u32, u32)>, TantivyError> {
    let mut found = Vec::new();
    for segment in &snapshot.segments {
        segment.read(term, &mut found)?;
    }
    Ok(found)
}

/// A rare synonym or misspelling isn't worth more than the word itself; where that is unknown, than the most
/// common of what it may mean.
fn ceiling(read: &[Read<'_>], at: usize) -> f32 {
    let least = |own: bool| {
        let leaves = read.iter().filter(|read| read.leaf.answers & (1 << at) != 0 && (read.leaf.own || !own));
        let filled = leaves.filter(|read| read.terms.iter().all(|(_, found)| !found.is_empty()));
        filled.flat_map(|read| read.terms.iter().map(|(rarity, _)| *rarity)).reduce(f32::min)
    };
    least(true).or_else(|| least(false)).unwrap_or(0.0)
}

/// What the leaf's products get for each of the words that it answers. It is asked for each of them: few leaves answer
/// several words, and lists of what all of them give would cost every search.
fn answers(snapshot: &Snapshot, read: &Read<'_>, ceilings: &[f32], mut give: impl FnMut(u32, f32)) {
    let bits = ceilings.iter().enumerate().filter(|(at, _)| read.leaf.answers & (1 << at) != 0);
    let ceiling = bits.map(|(_, ceiling)| *ceiling).fold(0.0, f32::max);
    let worth = |rarity: f32, slot: u32, frequency: u32| {
        let length = snapshot.rows[slot as usize].length;
        read.leaf.likeness * bm25(rarity.min(ceiling), frequency as f32, length)
    };
    if let [(rarity, found)] = read.terms.as_slice() {
        found.iter().for_each(|(slot, frequency)| give(*slot, worth(*rarity, *slot, *frequency)));
        return;
    }
    // All of the terms, which together are worth as much as one.
    let mut sums = vec![(0u8, 0f32); snapshot.rows.len()];
    for (rarity, found) in &read.terms {
        for (slot, frequency) in found {
            let (count, sum) = &mut sums[*slot as usize];
            *count += 1;
            *sum += worth(*rarity, *slot, *frequency);
        }
    }
    let terms = read.terms.len();
    for (slot, _) in read.terms.first().map(|(_, found)| found.as_slice()).unwrap_or_default() {
        let (count, sum) = sums[*slot as usize];
        if usize::from(count) == terms {
            give(*slot, sum / terms as f32);
        }
    }
}
