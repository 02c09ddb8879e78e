//! UUIDs: those of collections and statuses, and what is none.

/// Sixteen bytes as a UUID of version 4: with its version and variant (RFC 9562, 5.4).
pub fn from_random(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// True for 8-4-4-4-12 hex digits.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_told_from_what_is_none() {
        let made = from_random([0xff; 16]);
        assert_eq!(made, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert!(is_uuid(&made) && is_uuid(&made.to_uppercase()));
        for none in ["", "x", &made[1..], &made.replace('-', "f"), &made.replace("4f", "4g")] {
            assert!(!is_uuid(none), "{none}");
        }
    }
}
