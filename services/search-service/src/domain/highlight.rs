//! Showing where the words were found.

use std::collections::HashSet;

use super::text::{as_compared, places, stem};

/// Bytes of a snippet, about.
const SNIPPET: usize = 180;
/// Texts are looked through up to here.
const READ: usize = 4_000;

/// Marks words of texts that answered a query.
#[derive(Debug, Clone, Default)]
pub struct Marker {
    words: HashSet<String>,
    stems: HashSet<String>,
    /// The first letters of all of them: most words of a text needn't be looked at any closer.
    first: Vec<char>,
}

impl Marker {
    pub fn word(&mut self, word: &str) {
        self.begins(word);
        self.words.insert(word.to_owned());
    }

    pub fn stem(&mut self, stem: &str) {
        self.begins(stem);
        self.stems.insert(stem.to_owned());
    }

    fn begins(&mut self, word: &str) {
        self.first.extend(word.chars().next().filter(|first| !self.first.contains(first)));
    }

    /// `word` is as it stands in the text.
    fn marks(&self, word: &str) -> bool {
        let Some(first) = word.chars().next() else { return false };
        if first.is_ascii() && !self.first.contains(&first.to_ascii_lowercase()) {
            return false;
        }
        let word = as_compared(word);
        self.words.contains(word.as_ref())
            || (!self.stems.is_empty() && self.stems.contains(stem(&word).as_ref()))
    }

    /// The whole text as HTML with the words in `<em>`; `None` when it has none of them.
    pub fn mark(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        (!found.is_empty()).then(|| marked(text, 0, text.len(), &found))
    }

    /// The part of the text with the most of the words, likewise.
    pub fn snippet(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        if found.is_empty() || text.len() <= SNIPPET {
            return (!found.is_empty()).then(|| marked(text, 0, text.len(), &found));
        }
        let within =
            |start: usize| found.iter().filter(|(s, e)| *s >= start && *e <= start + SNIPPET).count();
        let (best, _) =
            found.iter().map(|(s, _)| (*s, within(*s))).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        let start = border(text, best.saturating_sub(SNIPPET / 4));
        let end = match text.get(start..).is_some_and(|rest| rest.len() <= SNIPPET) {
            true => text.len(),
            false => border(text, start + SNIPPET).max(best),
        };
        let end = found.iter().map(|(_, e)| *e).filter(|e| *e > end && *e <= end + 40).min().unwrap_or(end);
        let (before, after) = (if start > 0 { "… " } else { "" }, if end < text.len() { " …" } else { "" });
        Some(format!("{before}{}{after}", marked(text, start, end, &found).trim()))
    }

    fn found(&self, text: &str) -> Vec<(usize, usize)> {
        let read = border(text, text.len().min(READ));
        places(&text[..read]).filter(|(start, end)| self.marks(&text[*start..*end])).collect()
    }
}

/// The nearest end of a word at or before `at`.
fn border(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..at]
        .rfind(char::is_whitespace)
        .map_or(0, |space| space + text[space..].chars().next().map_or(0, char::len_utf8))
}

fn marked(text: &str, start: usize, end: usize, found: &[(usize, usize)]) -> String {
    let mut html = String::with_capacity(end - start + 9 * found.len());
    let mut at = start;
    for (from, to) in found.iter().filter(|(from, to)| *from >= start && *to <= end) {
        escape(&text[at..*from], &mut html);
        html.push_str("<em>");
        escape(&text[*from..*to], &mut html);
        html.push_str("</em>");
        at = *to;
    }
    escape(&text[at..end], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marker(list: &[&str]) -> Marker {
        let mut marker = Marker::default();
        for word in list {
            marker.word(word);
            marker.stem(&stem(word));
        }
        marker
    }

    #[test]
    fn the_original_words_are_marked() {
        let marker = marker(&["dien", "thoai", "battery"]);
        assert_eq!(marker.mark("Điện thoại Sen").unwrap(), "<em>Điện</em> <em>thoại</em> Sen");
        assert_eq!(marker.mark("two batteries").unwrap(), "two <em>batteries</em>");
        assert_eq!(marker.mark("a kettle"), None);
    }

    #[test]
    fn what_is_not_ours_is_escaped() {
        let marked = marker(&["b"]).mark("<b>a & 'b'</b>").unwrap();
        assert_eq!(marked, "&lt;<em>b</em>&gt;a &amp; &#39;<em>b</em>&#39;&lt;/<em>b</em>&gt;");
    }

    #[test]
    fn a_snippet_shows_the_best_part() {
        let text =
            format!("{} fox {} quick brown fox {}", "a ".repeat(200), "b ".repeat(200), "c ".repeat(200));
        let snippet = marker(&["quick", "brown", "fox"]).snippet(&text).unwrap();
        assert!(snippet.contains("<em>quick</em> <em>brown</em> <em>fox</em>"), "{snippet}");
        assert!(snippet.starts_with("… ") && snippet.ends_with(" …") && snippet.len() < 300, "{snippet}");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[\\PC ]{0,600}", word in "[a-z]{1,3}") {
            let marker = marker(&[&word]);
            for html in [marker.mark(&text), marker.snippet(&text)].into_iter().flatten() {
                let html = html.replace("<em>", "").replace("</em>", "");
                prop_assert!(!html.contains('<') && !html.contains('>'));
            }
        }
    }
}
