//! What a service may be called (API reference, `CreateService.Name`).

/// Labels of letters, digits, `_` and `-` with dots between them, at most 127 characters; a label neither begins nor ends with
/// `-`, and one of a single character has no `_`.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= 127 && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match label.len() {
        0 => false,
        1 => label.chars().all(|c| c.is_ascii_alphanumeric()),
        length => length <= 63 && label.chars().all(within) && !label.starts_with('-') && !label.ends_with('-'),
    }
}
