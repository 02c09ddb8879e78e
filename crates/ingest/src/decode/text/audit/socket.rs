//! The address in a SOCKADDR record: the kernel's structure in hexadecimal, or as `ausearch -i` and
//! enriched logs write it.

use std::net::{Ipv4Addr, Ipv6Addr};

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Address and port; nothing for other families.
pub(super) fn address(saddr: &str) -> Option<(String, u16)> {
    if let Some(inner) = saddr.strip_prefix('{') {
        let part = |name: &str| {
            let (_, rest) = inner.split_once(name)?;
            rest.split([' ', '}']).next()
        };
        return Some((part("laddr=")?.to_owned(), part("lport=")?.parse().ok()?));
    }
    let byte = |i: usize| u8::from_str_radix(saddr.get(2 * i..2 * i + 2)?, 16).ok();
    // The family is in the machine's order, which is little-endian where it matters.
    let family = u16::from_le_bytes([byte(0)?, byte(1)?]);
    let port = u16::from_be_bytes([byte(2)?, byte(3)?]);
    match family {
        AF_INET => {
            let ip = Ipv4Addr::new(byte(4)?, byte(5)?, byte(6)?, byte(7)?);
            Some((ip.to_string(), port))
        }
        AF_INET6 => {
            let mut ip = [0; 16];
            for (i, octet) in ip.iter_mut().enumerate() {
                *octet = byte(8 + i)?;
            }
            Some((Ipv6Addr::from(ip).to_string(), port))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_and_of_none() {
        let v4 = address("02000035C0A8000100000000000000000000").expect("an address");
        assert_eq!(v4, ("192.168.0.1".into(), 53));
        let v6 = address("0A0001BB0000000020010DB800000000000000000000000100000000");
        assert_eq!(v6, Some(("2001:db8::1".into(), 443)));
        let told = address("{ saddr_fam=inet laddr=10.0.0.1 lport=80 }");
        assert_eq!(told, Some(("10.0.0.1".into(), 80)));
        assert_eq!(address("01002F72756E"), None);
        assert_eq!(address("0200"), None);
        assert_eq!(address("02čau"), None);
    }
}
