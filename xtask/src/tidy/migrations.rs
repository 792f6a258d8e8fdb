//! A migration runs while the version before still works: it only adds.

use std::path::Path;

use super::Violation;

/// What takes something away from the version before.
const TAKES_AWAY: [&str; 5] = ["DROP", "RENAME", "MODIFY", "CHANGE", "TRUNCATE"];
/// What nobody asks for by name.
const UNNAMED: [&str; 2] = ["INDEX", "KEY"];
/// Says, with the reason, that no running version needs what is taken away.
const MARKER: &str = "-- contract:";

const REASON: &str = "The version before still runs while a migration does. Only add; take away in a later release, after \
                      a comment `-- contract: …` that says since which version nobody needs it (docs/OPERATIONS.md)";

/// `path` is relative to the root of the work tree.
pub fn check(path: &Path, text: &str) -> Vec<Violation> {
    let is_migration = path.parent().is_some_and(|folder| folder.ends_with("migrations"));
    if !is_migration || text.lines().any(|line| line.trim_start().starts_with(MARKER)) {
        return Vec::new();
    }
    let lines = text.lines().enumerate();
    let found = lines.filter_map(|(index, line)| Some((index, taken_away(line)?)));
    let violation = |(index, what): (usize, String)| Violation {
        file: path.to_owned(),
        line: Some(index + 1),
        what: format!("`{what}` in a migration"),
        reason: REASON,
    };
    found.map(violation).collect()
}

fn taken_away(line: &str) -> Option<String> {
    let code = line.split("--").next().unwrap_or_default().to_uppercase();
    let words: Vec<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let at = words.iter().position(|word| TAKES_AWAY.contains(word))?;
    let object = words.get(at + 1).copied().unwrap_or_default();
    let is_harmless = words[at] == "DROP" && UNNAMED.contains(&object);
    (!is_harmless).then(|| format!("{} {object}", words[at]).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Option<usize>, String)> {
        let path = Path::new("services/tax-service/migrations/1002_rates.sql");
        check(path, text).into_iter().map(|it| (it.line, it.what)).collect()
    }

    #[test]
    fn what_takes_something_away_is_found() {
        let text = "ALTER TABLE rates ADD COLUMN a INT NULL;\nALTER TABLE rates\n    drop column b;";
        assert_eq!(found(text), [(Some(3), "`DROP COLUMN` in a migration".to_owned())]);
        for statement in
            ["DROP TABLE a;", "RENAME TABLE a TO b;", "ALTER TABLE a CHANGE b c INT;", "TRUNCATE a;"]
        {
            assert_eq!(found(statement).len(), 1, "{statement}");
        }
    }

    #[test]
    fn comments_columns_and_indexes_are_nobodys_loss() {
        assert!(
            found("-- Every change of what is on hand.\nCREATE TABLE changes (last_change INT);").is_empty()
        );
        assert!(found("ALTER TABLE a DROP INDEX b;\nALTER TABLE a DROP KEY c;").is_empty());
    }

    #[test]
    fn whoever_says_why_may() {
        assert!(found("-- contract: since 1.4 nobody reads it\nALTER TABLE a DROP COLUMN b;").is_empty());
    }
}
