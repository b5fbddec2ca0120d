//! The part of JSON Schema that the schemas of this crate use.

use regex_lite::Regex;
use serde_json::Value;

/// Why a value is not valid: the part of JSON Schema that the schema uses.
pub(crate) fn check(
    value: &Value,
    schema: &Value,
    root: &Value,
    place: &str,
) -> Result<(), String> {
    let schema = schema.as_object().ok_or("a schema is an object")?;
    for (key, rule) in schema {
        let error = |what: String| Err(format!("{place}: {what}"));
        match key.as_str() {
            "$ref" => {
                let name =
                    rule.as_str().and_then(|text| text.strip_prefix("#/$defs/")).ok_or("$ref")?;
                check(value, &root["$defs"][name], root, place)?;
            }
            "type" => {
                let fits = match rule.as_str() {
                    Some("string") => value.is_string(),
                    Some("boolean") => value.is_boolean(),
                    Some("integer") => value.is_i64() || value.is_u64(),
                    Some("number") => value.is_number(),
                    Some("null") => value.is_null(),
                    Some("array") => value.is_array(),
                    Some("object") => value.is_object(),
                    _ => return error(format!("type {rule}")),
                };
                if !fits {
                    return error(format!("expected {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().is_some_and(|values| values.contains(value)) {
                    return error(format!("expected one of {rule}"));
                }
            }
            "anyOf" => {
                let any = rule.as_array().ok_or("anyOf")?;
                if !any.iter().any(|one| check(value, one, root, place).is_ok()) {
                    return error(format!("expected any of {rule}"));
                }
            }
            "minimum" | "maximum" => {
                let (Some(value), Some(bound)) = (value.as_i64(), rule.as_i64()) else { continue };
                if if key == "minimum" { value < bound } else { value > bound } {
                    return error(format!("{key} {bound}"));
                }
            }
            "minItems" => {
                let count = value.as_array().map_or(0, Vec::len) as u64;
                if Some(count) < rule.as_u64() {
                    return error(format!("{count} items"));
                }
            }
            "pattern" => {
                let regex =
                    Regex::new(rule.as_str().ok_or("pattern")?).map_err(|e| e.to_string())?;
                if !value.as_str().is_some_and(|text| regex.is_match(text)) {
                    return error(format!("expected {rule}"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, rule, root, &format!("{place}[{index}]"))?;
                }
            }
            "required" => {
                for name in rule.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        return error(format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().into_iter().flatten() {
                    if let Some(member) = value.get(name) {
                        check(member, rule, root, &format!("{place}.{name}"))?;
                    }
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                let others = value.as_object().into_iter().flatten();
                for (name, member) in
                    others.filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name)))
                {
                    if rule == &Value::Bool(false) {
                        return error(format!("{name} is no key"));
                    }
                    check(member, rule, root, &format!("{place}.{name}"))?;
                }
            }
            "$schema" | "$defs" | "title" | "description" => {}
            other => return error(format!("the test does not know the keyword {other}")),
        }
    }
    Ok(())
}
