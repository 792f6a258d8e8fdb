//! The text of a contract.

use std::fmt::Write as _;

use super::contract::{Field, Label, Message};

/// The whole file.
pub fn file(kind: &str, message: &Message) -> String {
    let mut text = format!(
        "// Made by `cargo xtask events` from {kind}.json. It gives new members their numbers; those that are here\n\
         // never change.\n\
         syntax = \"proto3\";\n\npackage shop.events;\n\nimport \"shop/events/options.proto\";\n\n"
    );
    write(&mut text, message, 0);
    text
}

fn write(text: &mut String, message: &Message, depth: usize) {
    let indent = "  ".repeat(depth);
    comment(text, &indent, message.comment.as_deref());
    let _ = writeln!(text, "{indent}message {} {{", message.name);
    for number in &message.reserved {
        let _ = writeln!(text, "{indent}  reserved {number};");
    }
    for name in &message.reserved_names {
        let _ = writeln!(text, "{indent}  reserved \"{name}\";");
    }
    let inner = if message.is_choice { format!("{indent}    ") } else { format!("{indent}  ") };
    if message.is_choice {
        let _ = writeln!(text, "{indent}  oneof value {{");
    }
    for field in &message.fields {
        comment(text, &inner, field.comment.as_deref());
        let _ = writeln!(text, "{inner}{};", declaration(field));
    }
    if message.is_choice {
        let _ = writeln!(text, "{indent}  }}");
    }
    for nested in &message.nested {
        text.push('\n');
        write(text, nested, depth + 1);
    }
    let _ = writeln!(text, "{indent}}}");
}

fn declaration(field: &Field) -> String {
    let kind = &field.kind;
    let kind = match field.label {
        Label::Optional => format!("optional {kind}"),
        Label::Repeated => format!("repeated {kind}"),
        Label::Map => format!("map<string, {kind}>"),
        Label::OneOf => kind.clone(),
    };
    // Protobuf's own JSON would spell it otherwise.
    let mut options = vec![format!("json_name = \"{}\"", field.member)];
    options.extend(field.is_nullable.then(|| "(shop.events.nullable) = true".to_owned()));
    options.extend(field.is_decimal.then(|| "(shop.events.decimal) = true".to_owned()));
    format!("{kind} {} = {} [{}]", field.name, field.number, options.join(", "))
}

fn comment(text: &mut String, indent: &str, comment: Option<&str>) {
    for line in comment.into_iter().flat_map(str::lines) {
        let _ = writeln!(text, "{}", format!("{indent}// {line}").trim_end());
    }
}
